using DataExchange.Contracts;

namespace DataExchange.FunctionalTests.Hub;

/// <summary>Lookups as welfare may make them.</summary>
internal static class Ask
{
    private static int _cases;

    public static Wire.LookupRequest About(Identifier subject, params AttributeId[] attributes) => new()
    {
        Identifier = subject.ToWire(),
        Attributes = { attributes.Select(attribute => attribute.ToWire()) },
        Purpose = TestCatalogue.Purpose,
        LegalBasis = TestCatalogue.LegalBasis,
        CaseId = $"case-{Interlocked.Increment(ref _cases)}",
    };

    public static Identifier Body(ulong number) => new(TestCatalogue.Scheme, $"BODY{number:D16}");

    public static AttributeId Held { get; } = Attribute(TestCatalogue.Registry, TestCatalogue.Status);

    public static AttributeId Located { get; } = Attribute(TestCatalogue.Registry, TestCatalogue.Address);

    public static AttributeId HeldByForeign { get; } = Attribute(TestCatalogue.Foreign, TestCatalogue.Status);

    private static AttributeId Attribute(string department, string name) => new(DepartmentId.Parse(department), name);
}

using DataExchange.Broker.Index;
using DataExchange.Broker.Lookup;
using DataExchange.Contracts;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Lookup;

[TestFixture]
internal sealed class LookupQuestionTests
{
    private const string Canary = "CANARY-77";
    private const string Investigation = "Investigation Act, section 9";
    private readonly SubjectKeys _keys = new(new byte[SubjectKeys.HubKeyBytes]);

    [OneTimeTearDown]
    public void Dispose() => _keys.Dispose();

    public static IEnumerable<TestCaseData> BrokenRequests()
    {
        yield return Case("identifier absent", r => r.Identifier = null, "identifier");
        yield return Case("identifier wrong", r => r.Identifier.Value = Canary, "identifier.value");
        yield return Case("scheme unknown", r => r.Identifier.Scheme = Canary, "identifier.scheme");
        yield return Case("no attributes", r => r.Attributes.Clear(), "attributes");
        yield return Case("65 attributes", r => r.Attributes.Add(Enumerable.Range(0, 63).Select(i => Attribute($"a{i}"))), "attributes");
        yield return Case("attribute repeated", r => r.Attributes.Add(LookupCatalogue.Income.ToWire()), "attributes[2]");
        yield return Case("attribute misspelled", r => r.Attributes[1].Name = $"{Canary}*", "attributes[1]");
        yield return Case("attribute empty", r => r.Attributes[0] = new Wire.AttributeId(), "attributes[0]");
        yield return Case("purpose absent", r => r.Purpose = "", "purpose");
        yield return Case("purpose in capitals", r => r.Purpose = Canary, "purpose");
        yield return Case("legal basis absent", r => r.LegalBasis = "", "legal_basis");
        yield return Case("legal basis blank", r => r.LegalBasis = "   ", "legal_basis");
        yield return Case("legal basis with line feed", r => r.LegalBasis = $"{Canary}\n", "legal_basis");
        yield return Case("legal basis of 129", r => r.LegalBasis = new string('x', 129), "legal_basis");
        yield return Case("case absent", r => r.CaseId = "", "case_id");
        yield return Case("case of 65", r => r.CaseId = new string('x', 65), "case_id");
        yield return Case("case with line feed", r => r.CaseId = $"{Canary}\n", "case_id");
        yield return Case("request id with blank", r => r.RequestId = $"{Canary} x", "request_id");
        yield return Case("age negative", r => r.MaxAge = new Duration { Seconds = -1 }, "max_age");
        yield return Case("age not normal", r => r.MaxAge = new Duration { Nanos = int.MaxValue }, "max_age");
        yield return Case("deferred under another basis", r => r.DiscloseAfter = Seconds(86_400), "disclose_after");
        yield return Case("deferred to the past", r => (r.LegalBasis, r.DiscloseAfter) = (Investigation, Seconds(-1)), "disclose_after");
        yield return Case("deferred for too long", r => (r.LegalBasis, r.DiscloseAfter) = (Investigation, Seconds(366 * 86_400)), "disclose_after");
        yield return Case("deferred for ages", r => (r.LegalBasis, r.DiscloseAfter) = (Investigation, new Timestamp { Seconds = long.MaxValue }), "disclose_after");
        yield return Case("operator with a blank", r => r.Operator = $"{Canary} x", "operator");
        yield return Case("operator of 65", r => r.Operator = new string('x', 65), "operator");
        yield return Case("age of ages", r => r.MaxAge = new Duration { Seconds = long.MaxValue }, "max_age");
    }

    [TestCaseSource(nameof(BrokenRequests))]
    public void Read_FieldBreaksItsRule_NamesTheFieldAndNotItsValue(Action<Wire.LookupRequest> breaking, string field)
    {
        var request = LookupCatalogue.Request();
        breaking(request);

        var question = LookupQuestion.Read(request, LookupCatalogue.Snapshot(), Disclosure(), Operators(), out var error);

        Assert.That(question, Is.Null);
        Assert.That(error!.Reason, Is.EqualTo(ErrorReasons.RequestInvalid));
        Assert.That(error.Fields.Select(f => f.Field), Is.EqualTo(new[] { field }));
        Assert.That(error.Detail, Does.Not.Contain(Canary));
    }

    [Test]
    public void Read_EverythingWrong_NamesEveryField()
    {
        var question = LookupQuestion.Read(new Wire.LookupRequest(), LookupCatalogue.Snapshot(), Disclosure(), Operators(), out var error);

        Assert.That(question, Is.Null);
        Assert.That(error!.Fields.Select(f => f.Field), Is.EqualTo(new[] { "identifier", "attributes", "purpose", "legal_basis", "case_id" }));
    }

    [Test]
    public void Read_WellFormed_KeepsWhatWasAskedInItsOrder()
    {
        var request = LookupCatalogue.Request();
        request.Identifier.Value = "11010519491231002x";
        request.MaxAge = Duration.FromTimeSpan(TimeSpan.FromHours(1));

        var question = LookupQuestion.Read(request, LookupCatalogue.Snapshot(), Disclosure(), Operators(), out var error)!;

        Assert.That(error, Is.Null);
        Assert.That(question.Identifier, Is.EqualTo(new Identifier("cn-resident", "11010519491231002X")), "canonical");
        Assert.That(question.Attributes, Is.EqualTo(new[] { LookupCatalogue.Income, LookupCatalogue.Address }));
        Assert.That(question.MaxAge, Is.EqualTo(TimeSpan.FromHours(1)));
        Assert.That(question.RequestId, Is.Not.Empty, "the hub makes one");
    }

    [Test]
    public void Read_DeferredUnderAnInvestigation_KeepsTheMoment()
    {
        var request = LookupCatalogue.Request();
        (request.LegalBasis, request.DiscloseAfter) = (Investigation, Seconds(86_400));

        var question = LookupQuestion.Read(request, LookupCatalogue.Snapshot(), Disclosure(), Operators(), out _)!;

        Assert.That(question.DiscloseAfter, Is.EqualTo(LookupCatalogue.Now.AddDays(1)));
    }

    private static DisclosureRule Disclosure()
    {
        var options = new LookupOptions();
        options.InvestigationBases.Add(Investigation);
        return new DisclosureRule(Options.Create(options), new FakeTimeProvider(LookupCatalogue.Now));
    }

    [Test]
    public void Read_OperatorWhereOneIsRequired_IsKeptAndNamedAtFaultWhenAbsent()
    {
        var request = LookupCatalogue.Request();
        Assert.That(LookupQuestion.Read(request, LookupCatalogue.Snapshot(), Disclosure(), Operators(isRequired: true), out var error), Is.Null);
        Assert.That(error!.Fields.Select(f => f.Field), Is.EqualTo(new[] { "operator" }));

        request.Operator = "desk-7/clerk:42";
        var question = LookupQuestion.Read(request, LookupCatalogue.Snapshot(), Disclosure(), Operators(isRequired: true), out _)!;
        Assert.That(question.Operator, Is.EqualTo(request.Operator));
    }

    [Test]
    public void KeyOf_OfficialsOfTwoDepartments_AreTwoAndNobodyIsNone()
    {
        var operators = Operators();
        var (tax, housing) = (DepartmentId.Parse("tax"), DepartmentId.Parse("housing"));
        var keys = new[] { operators.KeyOf(tax, "1"), operators.KeyOf(tax, "2"), operators.KeyOf(housing, "1") };
        Assert.That(keys, Is.Unique);
        Assert.That(operators.KeyOf(tax, "1"), Is.EqualTo(keys[0]));
        Assert.That(operators.KeyOf(tax, ""), Is.EqualTo(default(SubjectKey)));
    }

    private OperatorRule Operators(bool isRequired = false) => new(Options.Create(new LookupOptions { OperatorRequired = isRequired }), _keys);

    private static Timestamp Seconds(int fromNow) => Timestamp.FromDateTimeOffset(LookupCatalogue.Now.AddSeconds(fromNow));

    private static Wire.AttributeId Attribute(string name) => new() { Department = "tax", Name = name };

    private static TestCaseData Case(string name, Action<Wire.LookupRequest> breaking, string field) => new TestCaseData(breaking, field).SetArgDisplayNames(name);
}

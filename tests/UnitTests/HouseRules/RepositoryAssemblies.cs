using System.Reflection;

namespace DataExchange.UnitTests.HouseRules;

internal static partial class Repository
{
    /// <summary>The assemblies of src.</summary>
    public static IReadOnlyList<Assembly> Assemblies { get; } =
    [
        typeof(DataExchange.Contracts.DepartmentId).Assembly,
        typeof(DataExchange.Hosting.Durability).Assembly,
        typeof(DataExchange.Transparency.Checkpoint).Assembly,
        typeof(DataExchange.Adapter.IChangeSource).Assembly,
        typeof(DataExchange.Testing.FakeHub).Assembly,
        typeof(DataExchange.Broker.Audit.AuditLog).Assembly,
        Assembly.Load("dx"),
        Assembly.Load("dx-adapter"),
    ];

    /// <summary>Types that somebody wrote: not generated from protos or by the compiler.</summary>
    public static IEnumerable<Type> WrittenTypes => Assemblies.SelectMany(WrittenTypesOf);

    public static IEnumerable<Type> WrittenTypesOf(Assembly assembly) => assembly.GetTypes()
        .Where(type => type.Namespace?.StartsWith("DataExchange", StringComparison.Ordinal) == true)
        .Where(type => type.Namespace != "DataExchange.Wire" && !type.Namespace!.Contains(".Migrations", StringComparison.Ordinal))
        .Where(type => !type.FullName!.Contains('<', StringComparison.Ordinal));
}

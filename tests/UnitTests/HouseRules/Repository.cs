using System.Reflection;

namespace DataExchange.UnitTests.HouseRules;

/// <summary>The repository these tests were built from, as files and as assemblies.</summary>
internal static class Repository
{
    private static readonly string[] Generated = ["bin", "obj", "artifacts", "TestResults", "node_modules", ".git", ".dx", ".vs", ".idea"];

    public static string Root { get; } = FindRoot();

    /// <summary>The assemblies of src.</summary>
    public static IReadOnlyList<Assembly> Assemblies { get; } =
    [
        typeof(DataExchange.Contracts.DepartmentId).Assembly,
        typeof(DataExchange.Hosting.Durability).Assembly,
        typeof(DataExchange.Transparency.Checkpoint).Assembly,
        typeof(DataExchange.Adapter.IChangeSource).Assembly,
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

    public static string PathOf(string relative) => Path.Combine(Root, relative);

    public static string Read(string relative) => File.ReadAllText(PathOf(relative));

    /// <summary>Files below a folder, as paths from the root with '/', without what builds leave behind.</summary>
    public static IReadOnlyList<string> Files(string folder, string pattern) => [.. Walk(PathOf(folder), pattern)
        .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
        .Order(StringComparer.Ordinal)];

    /// <summary>Names at the top level that are not left behind by builds.</summary>
    public static IEnumerable<string> TopLevel => Directory.EnumerateFileSystemEntries(Root)
        .Select(path => Path.GetFileName(path))
        .Where(name => !Generated.Contains(name));

    private static IEnumerable<string> Walk(string folder, string pattern) =>
        Directory.EnumerateFiles(folder, pattern).Concat(
            Directory.EnumerateDirectories(folder).Where(child => !Generated.Contains(Path.GetFileName(child))).SelectMany(child => Walk(child, pattern)));

    private static string FindRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "DataExchange.sln")))
                return folder;
        }

        throw new InvalidOperationException("The tests run outside the repository.");
    }
}

namespace DataExchange.UnitTests.HouseRules;

/// <summary>The repository these tests were built from, as files; as assemblies in the other file, which knows them all.</summary>
internal static partial class Repository
{
    // "content" is a template's: nobody's project until somebody makes one of it.
    private static readonly string[] Generated = ["content", "bin", "obj", "artifacts", "TestResults", "node_modules", ".git", ".dx", ".vs", ".idea"];

    public static string Root { get; } = FindRoot();

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

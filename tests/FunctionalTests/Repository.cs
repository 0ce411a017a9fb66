using System.Text.RegularExpressions;

namespace DataExchange.FunctionalTests;

/// <summary>The repository these tests were built from, and the commands that its documents give a reader.</summary>
internal static partial class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>What stands in a document's shell blocks, line by line, in order.</summary>
    public static IEnumerable<string> Commands(string document) => ShellBlock().Matches(File.ReadAllText(document))
        .SelectMany(block => block.Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "DataExchange.sln")))
            folder = folder.Parent;
        return folder.FullName;
    }

    [GeneratedRegex(@"^```sh\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex ShellBlock();
}

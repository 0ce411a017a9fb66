using NUnit.Framework;

namespace DataExchange.UnitTests.Contracts.Identifiers;

/// <summary>Reads tests/data/id-vectors: header, then rows of plain comma-separated fields.</summary>
internal static class IdVectors
{
    public static IEnumerable<TestCaseData> Of(string scheme) =>
        from row in Rows("id_vectors_cn.csv").Concat(Rows("cn_ric_more.csv"))
        where row["scheme"].Split('.')[^1] == scheme
        select new TestCaseData(row["value"], row["expected"] == "valid");

    private static IEnumerable<Dictionary<string, string>> Rows(string file)
    {
        var root = new DirectoryInfo(TestContext.CurrentContext.TestDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "DataExchange.sln")))
            root = root.Parent ?? throw new DirectoryNotFoundException("The tests run inside the repository.");
        var lines = File.ReadAllLines(Path.Combine(root.FullName, "tests", "data", "id-vectors", file));
        var header = lines[0].Split(',');
        return lines.Skip(1).Select(line => header.Zip(line.Split(',')).ToDictionary(pair => pair.First, pair => pair.Second));
    }
}

using System.Security.Cryptography;
using System.Text;
using DataExchange.Cli.Exchange;
using DataExchange.Hosting;
using Google.Protobuf;

namespace DataExchange.Cli.Bench;

/// <summary>
/// The exchange of the ingest benchmark: for each size of batch one department that owns all eight attributes of the population, so that
/// each size begins with an empty stream.
/// </summary>
internal static class IngestPlan
{
    /// <summary>What a source may be ahead of the hub: enough for a full window of the largest batches, and drained within seconds.</summary>
    public const long OutboxBytesMax = 48 * 1_024 * 1_024;

    // More changes than any run lasts for.
    private const long Persons = 1_000_000_000;

    private static readonly BenchPopulation Everyone = new(Persons);

    public static IReadOnlyList<int> Batches { get; } = [100, 500];

    public static string Department(int batch) => $"bench-{batch}";

    public static ExchangePlan Create() => Everyone.Plan with
    {
        Departments = [.. Batches.Select(batch => new PlannedDepartment(
            Department(batch), $"Batches of {batch}", BenchPopulation.Planned(BenchPopulation.Attributes), BenchPopulation.Attributes.Count * Persons, "Bench", new { }))],
    };

    public static IEnumerable<Wire.Change> Changes() => Everyone.Changes();

    /// <summary>Ready to be published again and again: neither control reads them.</summary>
    public static IReadOnlyList<byte[]> Sign(TlsCredentials credentials, int changes, int batch) =>
        [.. BatchMaker.Sign(credentials, Changes().Take(changes), batch).Select(signed => signed.ToByteArray())];

    /// <summary>The same facts as rows, under subject keys as random as the hub's.</summary>
    public static IReadOnlyList<FactRow> Rows(int changes)
    {
        var numbers = BenchPopulation.Attributes.Select((a, number) => (a.Id.Name, number)).ToDictionary(a => a.Name, a => (short)a.number);
        return [.. Changes().Take(changes).Select((change, i) => new FactRow(
            new Guid(SHA256.HashData(Encoding.ASCII.GetBytes(change.Set.Subject.Value)).AsSpan(0, 16)),
            numbers[change.Set.Attribute],
            i + 1,
            change.AsOf.ToDateTime(),
            change.Set.Value.ToByteArray()))];
    }
}

using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using DataExchange.Cli.Audit;
using DataExchange.Transparency;
using DataExchange.Transparency.Notes;
using DataExchange.Transparency.Tiles;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.Cli.Bench;

/// <summary>How long <c>dx audit verify</c> takes over a log of so many entries, and how much memory. Its control: hashing the same files once.</summary>
internal static class AuditBench
{
    public static void Run(BenchSettings settings, ulong entries, bool json, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(settings.Folder, "log");
        BenchScreen.Step($"Writing a log of {entries:N0} entries");
        using var signer = new NoteSigner("bench.example/audit", NoteKeyType.Ed25519, RandomNumberGenerator.GetBytes(NoteSigner.SeedBytes));
        var bytes = Write(folder, signer, entries, cancellationToken);

        BenchScreen.Step("Hashing its files once");
        var hashing = Stopwatch.GetTimestamp();
        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            SHA256.HashData(File.ReadAllBytes(path));
        var control = Stopwatch.GetElapsedTime(hashing);

        BenchScreen.Step("Verifying it");
        var (started, peak) = (Stopwatch.GetTimestamp(), 0L);
        var inspection = new EntryInspection(signer.Key.Name);
        var verification = new LogVerification(signer.Key, [], path => AuditCommand.ReadFile(folder, path))
        {
            Inspect = inspection.Inspect,
            Progress = verified =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (verified % 65_536 == 0)
                    peak = Math.Max(peak, Environment.WorkingSet);
            },
        };
        if (verification.Run() is { } finding)
            throw new BenchUnavailableException($"The log that was just written is not whole: {finding}");
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var result = new JsonObject
        {
            ["operation"] = "audit-verify",
            ["entries"] = entries,
            ["log_bytes"] = bytes,
            ["seconds"] = Math.Round(seconds, 2),
            ["rate"] = Math.Round(entries / seconds),
            ["working_set_mib"] = peak >> 20,
            ["control_seconds"] = Math.Round(control.TotalSeconds, 2),
        };
        Console.WriteLine(json
            ? result.ToJsonString()
            : $"{entries:N0} entries ({bytes >> 20:N0} MiB) verified in {seconds:N1} s, {entries / seconds:N0} a second, working set {peak >> 20:N0} MiB; hashing the files alone takes {control.TotalSeconds:N1} s");
    }

    private static long Write(string folder, NoteSigner signer, ulong entries, CancellationToken cancellationToken)
    {
        var bytes = 0L;
        var files = new TileWriter(new TileBuilder(), (tile, content) =>
        {
            bytes += Save(folder, tile.Path, content);
            cancellationToken.ThrowIfCancellationRequested();
        });
        for (ulong at = 0; at < entries; at++)
            files.Add(Entry(at));
        files.Finish();
        var checkpoint = new Checkpoint(signer.Key.Name, files.Size, files.Root());
        return bytes + Save(folder, LogVerification.CheckpointFile, new SignedNote(checkpoint.Text, [signer.Sign(checkpoint.Text, default)]).ToBytes());
    }

    /// <summary>As large as one of a lookup of eight attributes.</summary>
    private static byte[] Entry(ulong at) => new Wire.AuditEntry
    {
        RecordedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddDays(20_000).AddMilliseconds(at)),
        RequestId = at.ToString("x32", System.Globalization.CultureInfo.InvariantCulture),
        Consumer = "housing",
        Purpose = "housing-aid",
        LegalBasis = "Housing Act, section 4",
        CaseId = $"case-{at}",
        SubjectKey = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(16)),
        Attributes = { Enumerable.Range(0, 8).Select(attribute => $"department-{attribute}/attribute-{attribute}") },
        Decision = Wire.Decision.Allowed,
        Outcomes = { Enumerable.Repeat(Wire.Outcome.Provided, 8) },
        RequestHash = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(32)),
        AnswerHash = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(32)),
    }.ToByteArray();

    private static long Save(string folder, string name, byte[] content)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return content.Length;
    }
}

using System.Text.Json.Nodes;
using DataExchange.Transparency;
using DataExchange.Transparency.Notes;
using Google.Protobuf;
using Grpc.Core;
using Spectre.Console;

namespace DataExchange.Cli.Audit;

/// <summary>A subject's accesses as a hub listed them.</summary>
/// <param name="Accesses">In the order of the logs.</param>
/// <param name="Logs">Origins of the logs that were listed, oldest first.</param>
/// <param name="AsOf">When the hub vouched for them; null if it did not.</param>
/// <param name="Fault">What does not hold of the proof; null if the listing is complete.</param>
internal sealed record AccessListing(
    IReadOnlyList<(ulong Index, Wire.AuditEntry Entry, string LogId)> Accesses, IReadOnlyList<string> Logs, DateTimeOffset? AsOf, string? Fault)
{
    public static async Task<AccessListing> ReadAsync(IAsyncStreamReader<Wire.ListAccessesResponse> parts, NoteKey log, CancellationToken cancellationToken)
    {
        var accesses = new List<Wire.Access>();
        Wire.AccessProof? proof = null;
        await foreach (var part in parts.ReadAllAsync(cancellationToken))
        {
            if (part.Access is not null)
                accesses.Add(part.Access);
            proof = part.Proof ?? proof;
        }

        var entries = accesses.Select(access => (access.EntryIndex, Wire.AuditEntry.Parser.ParseFrom(access.Entry), access.LogId)).ToList();
        if (proof is null)
            return new AccessListing(entries, [], null, "the hub gave no proof");
        var logs = proof.ClosedCheckpoints.Append(proof.Checkpoint).Select(note => Believe(note, log)).OfType<Checkpoint>().ToList();
        return new AccessListing(
            entries, [.. logs.Select(checkpoint => checkpoint.Origin)], AccessStatement.Read(proof.Statement.Span, log)?.MadeAt, Check(accesses, entries, proof, logs, log));
    }

    public JsonObject Json() => new()
    {
        ["complete"] = Fault is null,
        ["fault"] = Fault,
        ["as_of"] = AsOf,
        ["logs"] = new JsonArray([.. Logs.Select(origin => JsonValue.Create(origin))]),
        ["accesses"] = new JsonArray([.. Accesses.Select(access => new JsonObject
        {
            ["log_id"] = access.LogId,
            ["entry_index"] = access.Index,
            ["at"] = access.Entry.RecordedAt.ToDateTimeOffset(),
            ["consumer"] = access.Entry.Consumer,
            ["purpose"] = access.Entry.Purpose,
            ["legal_basis"] = access.Entry.LegalBasis,
            ["case_id"] = access.Entry.CaseId,
            ["what"] = What(access.Entry),
            ["outcome"] = Outcome(access.Entry),
        })]),
    };

    public void Write(IAnsiConsole console)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("when", "who", "purpose", "case", "what", "outcome");
        foreach (var (_, entry, _) in Accesses)
        {
            var cells = new[] { $"{entry.RecordedAt.ToDateTimeOffset():yyyy-MM-dd HH:mm:ss}Z", entry.Consumer, entry.Purpose, entry.CaseId, What(entry), Outcome(entry) };
            table.AddRow([.. cells.Select(Markup.Escape)]);
        }

        console.Write(table);
        if (Fault is null)
            console.MarkupLineInterpolated($"[green]Complete: the hub vouches for {Accesses.Count} accesses as of {AsOf:yyyy-MM-dd HH:mm:ss}Z, and each is in its log. Logs listed: {string.Join(", ", Logs)}.[/]");
        else
            console.MarkupLineInterpolated($"[red]Not proven complete:[/] {Fault}");
    }

    /// <summary>The checkpoint, if it is of this log or another of the same hub and signed by the key.</summary>
    private static Checkpoint? Believe(ByteString bytes, NoteKey log) =>
        SignedNote.Parse(bytes.Span) is { } note && Checkpoint.Parse(note.Text) is { } checkpoint && log.ForLog(checkpoint.Origin) is { } key && note.SignatureOf(key) is not null
            ? checkpoint
            : null;

    private static string? Check(
        List<Wire.Access> accesses, List<(ulong Index, Wire.AuditEntry Entry, string LogId)> entries, Wire.AccessProof proof, List<Checkpoint> logs, NoteKey log)
    {
        if (logs.Count != proof.ClosedCheckpoints.Count + 1)
            return "a checkpoint is not signed by the log's key";
        if (AccessStatement.Read(proof.Statement.Span, log) is not { } statement)
            return "the statement is not signed by the log's key";
        if (accesses.SelectMany(access => access.Hashes).Any(hash => hash.Length != MerkleHash.Size))
            return "a proof holds something that is no hash";
        if (entries.Any(listed => !proof.Pseudonyms.Contains(listed.Entry.SubjectKey)))
            return "an entry is about somebody else";
        return statement.Check(
            logs,
            [.. accesses.Select(access => (
                logs.FindIndex(listed => listed.Origin.EndsWith($"/{access.LogId}", StringComparison.Ordinal)),
                access.EntryIndex,
                MerkleHash.OfLeaf(access.Entry.Span),
                (IReadOnlyList<MerkleHash>)[.. access.Hashes.Select(hash => new MerkleHash(hash.Span))]))],
            proof.Pseudonyms.Select(pseudonym => pseudonym.ToByteArray()));
    }

    private static string What(Wire.AuditEntry entry) =>
        entry.Erasure is not null ? "erasure" : entry.Kind == Wire.AccessKind.AccessLog ? "list of accesses" : string.Join(", ", entry.Attributes);

    private static string Outcome(Wire.AuditEntry entry) =>
        entry.Decision == Wire.Decision.Refused ? $"refused: {entry.Reason}" : string.Join(", ", entry.Outcomes.Select(outcome => outcome.ToString().ToLowerInvariant()));
}

using System.Text.Json.Nodes;
using DataExchange.Transparency;
using DataExchange.Transparency.Notes;
using Grpc.Core;
using Spectre.Console;

namespace DataExchange.Cli.Audit;

/// <summary>A subject's accesses as a hub listed them.</summary>
/// <param name="Accesses">In the order of the log.</param>
/// <param name="AsOf">When the hub vouched for them; null if it did not.</param>
/// <param name="Fault">What does not hold of the proof; null if the listing is complete.</param>
internal sealed record AccessListing(IReadOnlyList<(ulong Index, Wire.AuditEntry Entry)> Accesses, DateTimeOffset? AsOf, string? Fault)
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

        var entries = accesses.Select(access => (access.EntryIndex, Wire.AuditEntry.Parser.ParseFrom(access.Entry))).ToList();
        return proof is null
            ? new AccessListing(entries, null, "the hub gave no proof")
            : new AccessListing(entries, AccessStatement.Read(proof.Statement.Span, log)?.MadeAt, Check(accesses, entries, proof, log));
    }

    public JsonObject Json() => new()
    {
        ["complete"] = Fault is null,
        ["fault"] = Fault,
        ["as_of"] = AsOf,
        ["accesses"] = new JsonArray([.. Accesses.Select(access => new JsonObject
        {
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
        foreach (var (_, entry) in Accesses)
        {
            var cells = new[] { $"{entry.RecordedAt.ToDateTimeOffset():yyyy-MM-dd HH:mm:ss}Z", entry.Consumer, entry.Purpose, entry.CaseId, What(entry), Outcome(entry) };
            table.AddRow([.. cells.Select(Markup.Escape)]);
        }

        console.Write(table);
        if (Fault is null)
            console.MarkupLineInterpolated($"[green]Complete: the hub vouches for {Accesses.Count} accesses as of {AsOf:yyyy-MM-dd HH:mm:ss}Z, and each is in its log.[/]");
        else
            console.MarkupLineInterpolated($"[red]Not proven complete:[/] {Fault}");
    }

    private static string? Check(List<Wire.Access> accesses, List<(ulong Index, Wire.AuditEntry Entry)> entries, Wire.AccessProof proof, NoteKey log)
    {
        if (SignedNote.Parse(proof.Checkpoint.Span) is not { } note || note.SignatureOf(log) is null || Checkpoint.Parse(note.Text) is not { } checkpoint)
            return "the checkpoint is not signed by the log's key";
        if (AccessStatement.Read(proof.Statement.Span, log) is not { } statement)
            return "the statement is not signed by the log's key";
        if (accesses.SelectMany(access => access.Hashes).Any(hash => hash.Length != MerkleHash.Size))
            return "a proof holds something that is no hash";
        if (entries.Any(listed => !proof.Pseudonyms.Contains(listed.Entry.SubjectKey)))
            return "an entry is about somebody else";
        return statement.Check(
            checkpoint,
            [.. accesses.Select(access => (
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

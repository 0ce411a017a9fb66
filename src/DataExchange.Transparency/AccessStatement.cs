using System.Globalization;
using System.Text;
using DataExchange.Transparency.Notes;

namespace DataExchange.Transparency;

/// <summary>What a hub vouches for when it lists the entries of its logs about one subject: that these are all.</summary>
/// <param name="Origin">Of the log that is open.</param>
/// <param name="Count">Entries listed.</param>
/// <param name="Root">RFC 6962 root over their leaf hashes, in the order of the logs.</param>
/// <param name="LogSize">Entries of the open log that were looked through.</param>
/// <param name="ClosedLogs">SHA-256 of the texts of the checkpoints of the closed logs, oldest first: which these are, and where each ended.</param>
/// <param name="Subject">SHA-256 of the pseudonyms, one after the other.</param>
/// <param name="MadeAt">Whole seconds: what was hidden at that moment is not counted.</param>
public sealed record AccessStatement(string Origin, ulong Count, MerkleHash Root, ulong LogSize, MerkleHash ClosedLogs, MerkleHash Subject, DateTimeOffset MadeAt)
{
    private const string Suffix = "/accesses";

    /// <summary>The text that is signed. Its first line is no log's origin, so it never passes for a checkpoint.</summary>
    public string Text => string.Create(
        CultureInfo.InvariantCulture, $"{Origin}{Suffix}\n{Count}\n{Root.ToBase64()}\n{LogSize}\n{ClosedLogs.ToBase64()}\n{Subject.ToBase64()}\n{MadeAt.ToUnixTimeSeconds()}\n");

    /// <param name="logs">Oldest first; the last one is open.</param>
    public static AccessStatement Of(IReadOnlyList<Checkpoint> logs, ReadOnlySpan<MerkleHash> leaves, IEnumerable<byte[]> pseudonyms, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(logs);
        return new AccessStatement(
            logs[^1].Origin, (ulong)leaves.Length, MerkleHash.OfTree(leaves), logs[^1].Size, HashOfClosed(logs), SubjectOf(pseudonyms),
            DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds()));
    }

    /// <summary>Reads a signed statement; null unless it is one of a log of this hub, signed by its key.</summary>
    /// <param name="log">Of any of the hub's logs.</param>
    public static AccessStatement? Read(ReadOnlySpan<byte> note, NoteKey log)
    {
        ArgumentNullException.ThrowIfNull(log);
        if (SignedNote.Parse(note) is not { } signed
            || signed.Text.Split('\n') is not [var first, var count, var root, var size, var closed, var subject, var moment, ""] || !first.EndsWith(Suffix, StringComparison.Ordinal)
            || log.ForLog(first[..^Suffix.Length]) is not { } key || signed.SignatureOf(key) is null)
        {
            return null;
        }

        return Checkpoint.Number(count) is { } counted && MerkleHash.FromBase64(root) is { } hash && Checkpoint.Number(size) is { } logSize
            && MerkleHash.FromBase64(closed) is { } before && MerkleHash.FromBase64(subject) is { } who
            && Checkpoint.Number(moment) is { } seconds and <= long.MaxValue / 10_000_000
            ? new AccessStatement(key.Name, counted, hash, logSize, before, who, DateTimeOffset.FromUnixTimeSeconds((long)seconds))
            : null;
    }

    /// <summary>Says what does not hold of a listing, or null if it is complete as stated.</summary>
    /// <param name="logs">Checkpoints that are believed, oldest first; the last one is of the open log.</param>
    /// <param name="accesses">As listed: which of the logs, place, leaf hash and proof of inclusion of each.</param>
    public string? Check(
        IReadOnlyList<Checkpoint> logs, IReadOnlyList<(int Log, ulong Index, MerkleHash Leaf, IReadOnlyList<MerkleHash> Proof)> accesses, IEnumerable<byte[]> pseudonyms)
    {
        ArgumentNullException.ThrowIfNull(logs);
        ArgumentNullException.ThrowIfNull(accesses);
        if (logs[^1].Origin != Origin || logs[^1].Size != LogSize)
            return "the statement is about another state of the log";
        if (HashOfClosed(logs) != ClosedLogs)
            return "the statement is about other closed logs";
        for (var at = 1; at < logs.Count; at++)
        {
            if (LogOrigin.After(logs[at - 1].Origin) != logs[at].Origin)
                return $"between {logs[at - 1].Origin} and {logs[at].Origin} a log is missing";
        }

        if (SubjectOf(pseudonyms) != Subject)
            return "the statement is about another subject";
        if ((ulong)accesses.Count != Count)
            return $"{accesses.Count} entries are listed, the statement counts {Count}";
        if (MerkleHash.OfTree(accesses.Select(access => access.Leaf).ToArray()) != Root)
            return "an entry is not one of those that the statement counts";
        for (var at = 0; at < accesses.Count; at++)
        {
            var (log, index, leaf, proof) = accesses[at];
            if (at > 0 && (log, index).CompareTo((accesses[at - 1].Log, accesses[at - 1].Index)) <= 0)
                return $"entry {index} is listed out of order";
            if (log < 0 || log >= logs.Count || !MerkleProof.VerifyInclusion(index, logs[log].Size, leaf, logs[log].Root, proof))
                return $"entry {index} is not in the log";
        }

        return null;
    }

    private static MerkleHash HashOfClosed(IReadOnlyList<Checkpoint> logs) =>
        HashOf(Encoding.UTF8.GetBytes(string.Concat(logs.SkipLast(1).Select(log => log.Text))));

    private static MerkleHash SubjectOf(IEnumerable<byte[]> pseudonyms) => HashOf([.. pseudonyms.SelectMany(pseudonym => pseudonym)]);

    private static MerkleHash HashOf(byte[] bytes)
    {
        Span<byte> hash = stackalloc byte[Sha256.Bytes];
        Sha256.Hash(bytes, [], hash);
        return new MerkleHash(hash);
    }
}

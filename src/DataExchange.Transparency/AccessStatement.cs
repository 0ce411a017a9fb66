using System.Globalization;
using DataExchange.Transparency.Notes;

namespace DataExchange.Transparency;

/// <summary>What a log's operator vouches for when it lists the entries about one subject: that these are all.</summary>
/// <param name="Origin">The log's.</param>
/// <param name="Count">Entries listed.</param>
/// <param name="Root">RFC 6962 root over their leaf hashes, in the order of the log.</param>
/// <param name="LogSize">Entries of the log that were looked through.</param>
/// <param name="Subject">SHA-256 of the pseudonyms, one after the other.</param>
/// <param name="MadeAt">Whole seconds: what was hidden at that moment is not counted.</param>
public sealed record AccessStatement(string Origin, ulong Count, MerkleHash Root, ulong LogSize, MerkleHash Subject, DateTimeOffset MadeAt)
{
    private const string Suffix = "/accesses";

    /// <summary>The text that is signed. Its first line is no log's origin, so it never passes for a checkpoint.</summary>
    public string Text => string.Create(
        CultureInfo.InvariantCulture, $"{Origin}{Suffix}\n{Count}\n{Root.ToBase64()}\n{LogSize}\n{Subject.ToBase64()}\n{MadeAt.ToUnixTimeSeconds()}\n");

    public static AccessStatement Of(Checkpoint log, ReadOnlySpan<MerkleHash> leaves, IEnumerable<byte[]> pseudonyms, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(log);
        return new AccessStatement(
            log.Origin, (ulong)leaves.Length, MerkleHash.OfTree(leaves), log.Size, SubjectOf(pseudonyms), DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds()));
    }

    /// <summary>Reads a signed statement; null unless it is one of this log, signed by its key.</summary>
    public static AccessStatement? Read(ReadOnlySpan<byte> note, NoteKey log)
    {
        ArgumentNullException.ThrowIfNull(log);
        if (SignedNote.Parse(note) is not { } signed || signed.SignatureOf(log) is null || signed.Text.Split('\n') is not [var first, var count, var root, var size, var subject, var moment, ""])
            return null;
        return first == log.Name + Suffix && Checkpoint.Number(count) is { } counted && MerkleHash.FromBase64(root) is { } hash && Checkpoint.Number(size) is { } logSize
            && MerkleHash.FromBase64(subject) is { } who && Checkpoint.Number(moment) is { } seconds and <= long.MaxValue / 10_000_000
            ? new AccessStatement(log.Name, counted, hash, logSize, who, DateTimeOffset.FromUnixTimeSeconds((long)seconds))
            : null;
    }

    /// <summary>Says what does not hold of a listing, or null if it is complete as stated.</summary>
    /// <param name="log">A checkpoint of the log that is believed.</param>
    /// <param name="accesses">As listed: place, leaf hash and proof of inclusion of each.</param>
    public string? Check(Checkpoint log, IReadOnlyList<(ulong Index, MerkleHash Leaf, IReadOnlyList<MerkleHash> Proof)> accesses, IEnumerable<byte[]> pseudonyms)
    {
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(accesses);
        if (log.Origin != Origin || log.Size != LogSize)
            return "the statement is about another state of the log";
        if (SubjectOf(pseudonyms) != Subject)
            return "the statement is about another subject";
        if ((ulong)accesses.Count != Count)
            return $"{accesses.Count} entries are listed, the statement counts {Count}";
        if (MerkleHash.OfTree(accesses.Select(access => access.Leaf).ToArray()) != Root)
            return "an entry is not one of those that the statement counts";
        for (var at = 0; at < accesses.Count; at++)
        {
            var (index, leaf, proof) = accesses[at];
            if (at > 0 && index <= accesses[at - 1].Index)
                return $"entry {index} is listed out of order";
            if (!MerkleProof.VerifyInclusion(index, log.Size, leaf, log.Root, proof))
                return $"entry {index} is not in the log";
        }

        return null;
    }

    private static MerkleHash SubjectOf(IEnumerable<byte[]> pseudonyms)
    {
        Span<byte> hash = stackalloc byte[Sha256.Bytes];
        Sha256.Hash([.. pseudonyms.SelectMany(pseudonym => pseudonym)], [], hash);
        return new MerkleHash(hash);
    }
}

using System.Collections.Concurrent;
using System.Text;
using DataExchange.Transparency.Notes;

namespace DataExchange.Transparency.Witnesses;

/// <summary>
/// Cosigns checkpoints of logs that only ever grow, by the rules of C2SP tlog-witness: a log that goes back or forks gets no signature.
/// Thread safe.
/// </summary>
/// <param name="signer">Of type <see cref="NoteKeyType.Cosignature"/>.</param>
/// <param name="logs">
/// Keys of the logs that are witnessed; their names are the origins. Logs that follow one of these are witnessed too, each from its beginning
/// and one at a time: with the next log's first cosignature the one before has ended.
/// </param>
/// <param name="load">What <paramref name="save"/> took last under a name, or null.</param>
/// <param name="save">MUST have made it durable when it returns: a witness that forgets can be made to cosign a fork.</param>
public sealed class Witness(NoteSigner signer, IEnumerable<NoteKey> logs, Func<string, byte[]?> load, Action<string, byte[]> save, TimeProvider clock)
{
    private readonly Dictionary<string, NoteKey> _logs = logs.ToDictionary(log => log.Name, StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lock> _turns = new(StringComparer.Ordinal);

    public CosignAnswer Add(ReadOnlySpan<byte> body)
    {
        if (CosignRequest.Parse(body) is not { } request || Checkpoint.Parse(request.Note.Text) is not { } checkpoint)
            return new CosignAnswer(CosignStatus.BadRequest);
        if (FirstOf(checkpoint.Origin) is not { } first || first.ForLog(checkpoint.Origin) is not { } log)
            return new CosignAnswer(CosignStatus.UnknownLog);
        if (request.Note.SignatureOf(log) is not { } signature)
            return new CosignAnswer(CosignStatus.Forbidden);
        if (request.OldSize > checkpoint.Size)
            return new CosignAnswer(CosignStatus.BadRequest);

        // Checked and saved in one turn: of two checkpoints at once the smaller one must not come last.
        lock (_turns.GetOrAdd(first.Name, _ => new Lock()))
        {
            if (!IsOpen(first, log, out var isNext))
                return new CosignAnswer(CosignStatus.UnknownLog);
            var last = LastOf(log) ?? new Checkpoint(checkpoint.Origin, 0, MerkleHash.OfEmptyTree);
            if (last.Size != request.OldSize)
                return new CosignAnswer(CosignStatus.Conflict, last.Size);
            if (!MerkleProof.VerifyConsistency(last.Size, checkpoint.Size, last.Root, checkpoint.Root, request.Proof))
                return new CosignAnswer(CosignStatus.Unprovable);
            var cosignature = signer.Sign(request.Note.Text, clock.GetUtcNow());
            var note = new SignedNote(request.Note.Text, [signature, cosignature]).ToBytes();
            // First that the one before has ended: of two logs at once a hub could show either.
            if (isNext)
                save(NewestFileOf(first), note);
            save(FileOf(log.Name), note);
            return new CosignAnswer(CosignStatus.Cosigned, checkpoint.Size, cosignature);
        }
    }

    /// <summary>The checkpoint that was cosigned last for the log with this hash of its origin, or null. Source: tlog-witness, monitor retrieval.</summary>
    /// <param name="originHash">SHA-256 in lower-case hexadecimal.</param>
    public byte[]? Latest(string originHash)
    {
        ArgumentNullException.ThrowIfNull(originHash);
        // Names nothing but what could have been saved.
        return originHash.Length == 2 * Sha256.Bytes && LogOrigin.IsHex(originHash) ? load(originHash) : null;
    }

    /// <summary>The key that was given for the first log of this hub; null for a log of no such hub, and for one from before it.</summary>
    private NoteKey? FirstOf(string origin) => _logs.Values
        .Where(log => log.Name == origin || LogOrigin.Follows(origin, log.Name)).MinBy(log => log.Name, StringComparer.Ordinal);

    /// <summary>Whether the log is the newest that was cosigned of its hub, or the one after that; of a hub that is new here, any.</summary>
    private bool IsOpen(NoteKey first, NoteKey log, out bool isNext)
    {
        var newest = Read(NewestFileOf(first))?.Origin ?? (LastOf(first) is null ? null : first.Name);
        isNext = log.Name != (newest ?? first.Name);
        return newest is null || !isNext || log.Name == LogOrigin.After(newest);
    }

    // No log's origin has two lines.
    private static string NewestFileOf(NoteKey first) => FileOf(first.Name + "\nnewest");

    private static string FileOf(string origin)
    {
        Span<byte> hash = stackalloc byte[Sha256.Bytes];
        Sha256.Hash(Encoding.UTF8.GetBytes(origin), [], hash);
        return Convert.ToHexStringLower(hash);
    }

    /// <exception cref="InvalidDataException">What was saved is damaged. Nothing is cosigned until it is restored: without it a fork would pass.</exception>
    private Checkpoint? LastOf(NoteKey log)
    {
        var last = Read(FileOf(log.Name));
        return last is null || last.Origin == log.Name ? last : throw Damaged(FileOf(log.Name));
    }

    private Checkpoint? Read(string file)
    {
        if (load(file) is not { } bytes)
            return null;
        return SignedNote.Parse(bytes) is { } note && note.SignatureOf(signer.Key) is not null && Checkpoint.Parse(note.Text) is { } checkpoint ? checkpoint : throw Damaged(file);
    }

    private static InvalidDataException Damaged(string file) => new($"The checkpoint that was cosigned last, {file}, is damaged: restore it from a copy.");
}

using DataExchange.Transparency;
using DataExchange.Transparency.Notes;
using DataExchange.Transparency.Witnesses;

namespace DataExchange.Fuzzing.Targets;

/// <summary>
/// Bodies of add-checkpoint, to a witness that has seen nothing and to one that has cosigned 200 entries. A request is spelled in one way; whatever is
/// cosigned is the log as it is, and never smaller than before; the same body again is not cosigned as new.
/// </summary>
internal static class WitnessTarget
{
    private const int Seen = 200;

    private static readonly KeyValuePair<string, byte[]>[] SavedAtSeen = SaveSeen();

    public static bool Accepts(byte[] body)
    {
        if (CosignRequest.Parse(body) is { } request)
            Must.Hold(request.ToBytes().AsSpan().SequenceEqual(body), "a request is spelled in one way");
        return Cosigns(body, seen: 0) | Cosigns(body, Seen);
    }

    public static IEnumerable<(string, byte[])> Seeds() =>
    [
        ("first", new CosignRequest(0, [], FuzzLog.Sign(FuzzLog.Entries)).ToBytes()),
        ("grown", new CosignRequest(Seen, FuzzLog.ConsistencyProof(Seen), FuzzLog.Sign(FuzzLog.Entries)).ToBytes()),
        ("same", new CosignRequest(Seen, [], FuzzLog.Sign(Seen)).ToBytes()),
        ("rollback", new CosignRequest(Seen, [], FuzzLog.Sign(1)).ToBytes()),
        ("no-proof", new CosignRequest(Seen, [], FuzzLog.Sign(FuzzLog.Entries)).ToBytes()),
        ("fork", new CosignRequest(Seen, [], FuzzLog.Sign(new Checkpoint(FuzzLog.Signer.Key.Name, Seen, MerkleHash.OfEmptyTree).Text)).ToBytes()),
    ];

    private static bool Cosigns(byte[] body, int seen)
    {
        var saved = new Dictionary<string, byte[]>(seen > 0 ? SavedAtSeen : []);
        var witness = WitnessOver(saved);
        var answer = witness.Add(body);
        Must.Hold(Enum.IsDefined(answer.Status), "an answer is one of HTTP's that are stated");
        Must.Hold(answer.Status != CosignStatus.Conflict || answer.Size == (ulong)seen, "a conflict says what was cosigned last");
        var last = saved.Count == 0 ? null : SignedNote.Parse(saved.Values.Single())!;
        if (answer.Status != CosignStatus.Cosigned)
        {
            Must.Hold(last is null ? seen == 0 : Checkpoint.Parse(last.Text) == FuzzLog.At((ulong)seen), "what is not cosigned changes nothing");
            return false;
        }

        var cosigned = Checkpoint.Parse(last!.Text)!;
        Must.Hold(cosigned == FuzzLog.At(cosigned.Size) && cosigned.Size >= (ulong)seen, "what is cosigned is the log, and no less than before");
        Must.Hold(last.CosignedAt(FuzzLog.Witness.Key) == FuzzExchange.Noon, "what is cosigned is kept");
        var again = witness.Add(body).Status;
        Must.Hold(again == (cosigned.Size == (ulong)seen ? CosignStatus.Cosigned : CosignStatus.Conflict), "the same body again is not news");
        return true;
    }

    private static Witness WitnessOver(Dictionary<string, byte[]> saved) =>
        new(FuzzLog.Witness, [FuzzLog.Signer.Key], saved.GetValueOrDefault, (file, note) => saved[file] = note, new NoonClock());

    private static KeyValuePair<string, byte[]>[] SaveSeen()
    {
        var saved = new Dictionary<string, byte[]>();
        WitnessOver(saved).Add(new CosignRequest(0, [], FuzzLog.Sign(Seen)).ToBytes());
        return [.. saved];
    }
}

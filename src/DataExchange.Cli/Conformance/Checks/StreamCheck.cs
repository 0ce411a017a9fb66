using Google.Protobuf;
using Grpc.Core;

namespace DataExchange.Cli.Conformance.Checks;

/// <summary>The stream as it is kept now: whole, again, in part, and where there is nothing.</summary>
internal sealed class StreamCheck(AdapterView adapter)
{
    private const ulong FarAhead = 1_000_000;

    private readonly Verdicts _verdicts = adapter.Verdicts;
    private readonly AdapterCalls _calls = adapter.Calls;

    public async Task RunAsync(CancellationToken stop)
    {
        await RefuseAsync(ConformanceRules.OtherEpoch, Other(adapter.Read(Math.Max(1, adapter.Described.LastSequence))), StatusCode.FailedPrecondition, stop);
        await RefuseAsync(ConformanceRules.ZeroCursor, adapter.Read(0), StatusCode.InvalidArgument, stop);
        if (adapter.Described.FirstSequence > 1)
            await RefuseAsync(ConformanceRules.TrimmedCursor, adapter.Read(1), StatusCode.OutOfRange, stop);
        else
            _verdicts.Skip(ConformanceRules.TrimmedCursor, "nothing has been trimmed yet", "Run the kit again when the hub has applied some batches and the adapter has let them go.");
        await AheadAsync(stop);

        if (adapter.Described.LastSequence < adapter.Described.FirstSequence)
        {
            SkipAll();
            return;
        }

        await WholeAsync(stop);
        _verdicts.Skip(ConformanceRules.Links, "no batch that was read links anything", "Have the source state a link, if the catalogue lets the department link.");
        await AgainAsync(stop);
        await PartAsync(stop);
    }

    private async Task AheadAsync(CancellationToken stop)
    {
        var given = 0;
        var answer = await _calls.ReadAsync(adapter.Read(adapter.Described.LastSequence + FarAhead), _ => ++given < 1, stop);
        _verdicts.Judge(ConformanceRules.FutureCursor, answer.IsOk && given == 0, given > 0 ? "it gave a batch" : answer.Told);
    }

    /// <summary>As a hub with an empty index would read it.</summary>
    private async Task WholeAsync(CancellationToken stop)
    {
        var (first, last) = (adapter.Described.FirstSequence, adapter.Described.LastSequence);
        adapter.Stream.Begin(first);
        _calls.Expect("ReadChanges", await _calls.ReadAsync(adapter.Read(first), batch => adapter.Stream.Take(batch, adapter.Described.StreamEpoch), stop));
        if (!adapter.Stream.IsCut)
            _verdicts.Judge(ConformanceRules.Contiguous, adapter.Stream.Last >= last, $"Describe names {last} as the newest sequence, reading ended after {adapter.Stream.Last}");
    }

    private async Task AgainAsync(CancellationToken stop)
    {
        if (adapter.Stream.Marks.Count == 0)
            return;
        var known = adapter.Stream.Marks;
        var again = await MarksAsync(adapter.Read(adapter.Described.FirstSequence, adapter.Stream.Last), known.Count, stop);
        var same = again.Zip(known).TakeWhile(pair => pair.First == pair.Second).Count();
        _verdicts.Judge(ConformanceRules.SameBytes, same == known.Count, same < again.Count ? $"the batch of sequence {known[same].First} was another when it was read again" : $"read again, the stream ended after {same} of {known.Count} batches");
    }

    /// <summary>From within a batch to within the next one, if there is one: both, and no other.</summary>
    private async Task PartAsync(CancellationToken stop)
    {
        var filled = adapter.Stream.Marks.Where(mark => mark.Last >= mark.First).DistinctBy(mark => mark.First).ToList();
        if (filled.Count == 0)
            return;
        var middle = (filled.Count - 1) / 2;
        var wanted = filled.Skip(middle).Take(2).ToList();
        var (from, to) = (wanted[0].Last, Math.Max(wanted[0].Last, wanted[^1].First));
        var given = await MarksAsync(adapter.Read(from, to), wanted.Count + 1, stop);
        _verdicts.Judge(ConformanceRules.Cursor, given.Select(mark => mark.First).SequenceEqual(wanted.Select(mark => mark.First)),
            $"asked for {from} to {to}, which {wanted.Count} batches hold, it gave {given.Count}, from {given.FirstOrDefault().First} on");
    }

    private async Task<List<BatchMark>> MarksAsync(Wire.ReadChangesRequest request, int most, CancellationToken stop)
    {
        var marks = new List<BatchMark>();
        bool Keep(Wire.SignedChangeBatch batch)
        {
            marks.Add(BatchMark.Of(batch));
            return marks.Count < most;
        }

        _calls.Expect("ReadChanges", await _calls.ReadAsync(request, Keep, stop));
        return marks;
    }

    private async Task RefuseAsync(ConformanceRule rule, Wire.ReadChangesRequest request, StatusCode code, CancellationToken stop)
    {
        var answer = await _calls.ReadAsync(request, _ => false, stop);
        _verdicts.Judge(rule, answer.Status == code, answer.Told);
    }

    private static Wire.ReadChangesRequest Other(Wire.ReadChangesRequest request)
    {
        var epoch = request.StreamEpoch.ToByteArray();
        if (epoch.Length > 0)
            epoch[0] ^= 1;
        request.StreamEpoch = ByteString.CopyFrom(epoch);
        return request;
    }

    private void SkipAll()
    {
        foreach (var rule in ConformanceRules.All.Where(rule => rule.Id is "STR-1" or "STR-2" or "STR-3" or "STR-4" or "STR-5" or "STR-6" or "STR-7" or "VAL-1" or "VAL-3" or "VAL-4" or "CLK-1"))
            _verdicts.Skip(rule, "the adapter keeps no batch", "Load its source, and have it keep batches that its hub has applied (OutboxTailBatches), or let the kit be its hub (listen).");
        adapter.Stream.Begin(adapter.Described.LastSequence + 1);
    }
}

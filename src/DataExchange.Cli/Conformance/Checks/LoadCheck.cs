using System.Collections.Concurrent;

namespace DataExchange.Cli.Conformance.Checks;

/// <summary>Many calls at once, bounded: as many as the file says, and never more at once than the adapter states.</summary>
internal sealed class LoadCheck(AdapterView adapter)
{
    public async Task RunAsync(CancellationToken stop)
    {
        if (adapter.Verdicts.IsBroken(ConformanceRules.InTime) || adapter.Verdicts.IsBroken(ConformanceRules.NotHanging) || adapter.Verdicts.IsBroken(ConformanceRules.Answered))
        {
            adapter.Verdicts.Skip(ConformanceRules.UnderLoad, "calls fail or are late without any load", "Mend what is broken and run the kit again.");
            return;
        }

        var limits = adapter.Config.Limits;
        var stated = adapter.Described.Limits?.CallsMax ?? 0;
        var atOnce = stated == 0 ? limits.LoadAtOnce : (int)Math.Min((uint)limits.LoadAtOnce, stated);
        var failures = new ConcurrentQueue<string>();
        await Parallel.ForAsync(0, limits.LoadCalls, new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = stop }, async (number, token) =>
        {
            if (await FailureAsync(number, token) is { } failure)
                failures.Enqueue(failure);
        });
        adapter.Verdicts.Judge(ConformanceRules.UnderLoad, failures.IsEmpty, $"{failures.Count} of {limits.LoadCalls} calls, {atOnce} at once; the first: {failures.FirstOrDefault()}");
    }

    /// <summary>Null where the answer is as it was without load.</summary>
    private async Task<string?> FailureAsync(int number, CancellationToken stop)
    {
        var located = adapter.Stream.Located.ToList();
        return (number % 3) switch
        {
            0 when located.Count > 0 => await FetchFailureAsync(located[number % located.Count], stop),
            1 when adapter.Stream.Marks.Count > 0 => await ReadFailureAsync(stop),
            _ => Failure("Describe", await adapter.Calls.TryDescribeAsync(stop)),
        };
    }

    private async Task<string?> FetchFailureAsync((string Attribute, Google.Protobuf.ByteString Locator) item, CancellationToken stop)
    {
        var answer = await adapter.Calls.TryFetchAsync(AdapterView.Fetch(adapter.Config.Question, AdapterView.Item(item.Attribute, item.Locator)), stop);
        return Failure("Fetch", answer) ?? (answer.Value!.Results.Count == 1 ? null : "Fetch: not one result for one item");
    }

    private async Task<string?> ReadFailureAsync(CancellationToken stop)
    {
        var wanted = adapter.Stream.Marks[^1];
        BatchMark? given = null;
        bool Keep(Wire.SignedChangeBatch batch)
        {
            given = BatchMark.Of(batch);
            return false;
        }

        var answer = await adapter.Calls.ReadAsync(adapter.Read(wanted.First, wanted.First), Keep, stop, timed: false);
        return Failure("ReadChanges", answer) ?? (given == wanted || adapter.Verdicts.IsBroken(ConformanceRules.SameBytes) ? null : "ReadChanges: another batch than without load");
    }

    private string? Failure<T>(string rpc, Answer<T> answer)
        where T : class =>
        !answer.IsOk ? $"{rpc}: {answer.Told}" : answer.Took > adapter.Calls.AnswerMax ? $"{rpc}: it took {answer.Took.TotalSeconds:0.###} s" : null;
}

using DataExchange.Hosting;

namespace DataExchange.Cli.Conformance.Checks;

/// <summary>The adapter is ended and started while it is being read, and after a change that it may not have stored yet.</summary>
internal sealed class RestartCheck(AdapterView adapter, TlsCredentials hub)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly Verdicts _verdicts = adapter.Verdicts;

    public async Task RunAsync(CancellationToken stop)
    {
        if (adapter.Config.Commands.Restart is not { } restart)
        {
            SkipAll("the file names no command", "Name in commands.restart what ends the adapter and starts it again.");
            return;
        }

        var known = adapter.Stream.Marks.DistinctBy(mark => mark.First).ToDictionary(mark => mark.First);
        if (adapter.Config.Commands.Change is { } change)
            await DepartmentCommand.RunAsync(change, adapter.Config, stop);
        using var held = new HeldConnection(adapter.Config, hub, _verdicts);
        adapter.Calls.Expect("Describe", await held.Calls.TryDescribeAsync(stop, AdapterCalls.FirstPatience));
        // In the middle of a reading: what that still gives, or whether it breaks off, is all right.
        var reading = new TaskCompletionSource();
        var room = adapter.Config.Limits.Batches;
        var read = adapter.Calls.ReadAsync(adapter.Read(adapter.Described.FirstSequence), _ => reading.TrySetResult() | --room > 0, stop, timed: false);
        await Task.WhenAny(reading.Task, read);
        var end = await DepartmentCommand.RunAsync(restart, adapter.Config, stop);
        await read;
        if (end.ExitCode != 0)
        {
            SkipAll($"the command {end}", "Name a command that ends with exit code 0.");
            return;
        }

        if (await BackAsync(held, stop) is not { } described)
        {
            SkipAll($"a connection of before was still answered {adapter.Config.Limits.Restart:c} after the command", "Name a command that ends the adapter's process and starts it again.");
            return;
        }

        await JudgeStreamAsync(described, known, stop);
        await JudgeLocatorsAsync(stop);
    }

    /// <returns>Null where the adapter was not ended.</returns>
    private async Task<Wire.DescribeResponse?> BackAsync(HeldConnection held, CancellationToken stop)
    {
        var answered = false;
        using var late = CancellationTokenSource.CreateLinkedTokenSource(stop);
        late.CancelAfter(adapter.Config.Limits.Restart);
        try
        {
            while (true)
            {
                answered = (await held.Calls.TryDescribeAsync(late.Token)).IsOk;
                if (answered && held.HasBroken && await adapter.Calls.TryDescribeAsync(late.Token) is { Value: { } described })
                {
                    _verdicts.Hold(ConformanceRules.ComesBack);
                    return described;
                }

                await Task.Delay(Pause, late.Token);
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            if (answered && !held.HasBroken)
                return null;
            _verdicts.Break(ConformanceRules.ComesBack, $"no answer within {adapter.Config.Limits.Restart:c}");
            throw new CheckEndedException();
        }
    }

    private async Task JudgeStreamAsync(Wire.DescribeResponse described, Dictionary<ulong, BatchMark> known, CancellationToken stop)
    {
        if (described.StreamEpoch != adapter.Described.StreamEpoch || described.LastSequence < adapter.Stream.Last)
        {
            _verdicts.Break(ConformanceRules.StreamKept, described.StreamEpoch != adapter.Described.StreamEpoch
                ? "it has another epoch"
                : $"its newest sequence is {described.LastSequence}, and was {adapter.Stream.Last}");
            throw new CheckEndedException();
        }

        if (known.Count == 0)
        {
            _verdicts.Skip(ConformanceRules.StreamKept, "the adapter keeps no batch", "Load its source, and have it keep batches that its hub has applied (OutboxTailBatches), or let the kit be its hub (listen).");
            return;
        }

        adapter.Described = described;
        var (room, last, kept) = (adapter.Config.Limits.Batches, 0UL, new HashSet<ulong>());
        BatchMark? other = null;
        bool Compare(Wire.SignedChangeBatch batch)
        {
            var mark = BatchMark.Of(batch);
            if (known.GetValueOrDefault(mark.First, mark) != mark)
                other ??= mark;
            kept.Add(mark.First);
            last = Math.Max(last, mark.Last);
            return other is null && --room > 0;
        }

        adapter.Calls.Expect("ReadChanges", await adapter.Calls.ReadAsync(adapter.Read(described.FirstSequence), Compare, stop, timed: false));
        // Trimmed is not lost, and beyond the limit nothing was looked at.
        var wanted = known.Keys.Where(first => first >= described.FirstSequence && (room > 0 || first <= last)).ToList();
        var lost = wanted.FirstOrDefault(first => !kept.Contains(first));
        if (other is null && wanted.Count == 0)
            _verdicts.Skip(ConformanceRules.StreamKept, "of the batches of before none is kept", "Have the adapter keep batches that its hub has applied (OutboxTailBatches), or let the kit be its hub (listen).");
        else if (other is null && lost > 0)
            _verdicts.Break(ConformanceRules.StreamKept, $"the batch of sequence {lost} is gone");
        else
            _verdicts.Judge(ConformanceRules.StreamKept, other is null || _verdicts.IsBroken(ConformanceRules.SameBytes), $"the batch of sequence {other?.First} is another than before");
    }

    private void SkipAll(string why, string way)
    {
        foreach (var rule in new[] { ConformanceRules.ComesBack, ConformanceRules.StreamKept, ConformanceRules.LocatorsKept })
            _verdicts.Skip(rule, why, way);
    }

    private async Task JudgeLocatorsAsync(CancellationToken stop)
    {
        foreach (var (attribute, locator) in adapter.Stream.Located.DistinctBy(item => item.Attribute))
        {
            // Compared with what was seen before, and with that only.
            if (!_verdicts.IsHeld(ConformanceRules.PublishedIsFound, attribute))
                continue;
            var answer = await adapter.Calls.TryFetchAsync(AdapterView.Fetch(adapter.Config.Question, AdapterView.Item(attribute, locator)), stop);
            var understood = answer.Value?.Results is [var result] && (result.ResultCase != Wire.FetchResult.ResultOneofCase.Unavailable || result.Unavailable != "PROVIDER_FAILED");
            _verdicts.Judge(ConformanceRules.LocatorsKept, understood, "a locator that the adapter made before is not understood", attribute);
        }
    }
}

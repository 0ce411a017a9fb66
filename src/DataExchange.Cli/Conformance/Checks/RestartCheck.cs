namespace DataExchange.Cli.Conformance.Checks;

/// <summary>The adapter is ended and started while it is being read, and after a change that it may not have stored yet.</summary>
internal sealed class RestartCheck(AdapterView adapter)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly Verdicts _verdicts = adapter.Verdicts;

    public async Task RunAsync(CancellationToken stop)
    {
        if (adapter.Config.Commands.Restart is not { } restart)
        {
            foreach (var rule in new[] { ConformanceRules.ComesBack, ConformanceRules.StreamKept, ConformanceRules.LocatorsKept })
                _verdicts.Skip(rule, "the file names no command", "Name in commands.restart what ends the adapter and starts it again.");
            return;
        }

        var known = adapter.Stream.Marks.DistinctBy(mark => mark.First).ToDictionary(mark => mark.First);
        if (adapter.Config.Commands.Change is { } change)
            await DepartmentCommand.RunAsync(change, adapter.Config, stop);
        // In the middle of a reading: what that still gives, or whether it breaks off, is all right.
        var reading = new TaskCompletionSource();
        var read = adapter.Calls.ReadAsync(adapter.Read(adapter.Described.FirstSequence), _ => reading.TrySetResult() || true, stop, timed: false);
        await Task.WhenAny(reading.Task, read);
        var end = await DepartmentCommand.RunAsync(restart, adapter.Config, stop);
        await read;
        if (end.ExitCode != 0)
        {
            _verdicts.Skip(ConformanceRules.ComesBack, $"the command {end}", "Name a command that ends with exit code 0.");
            return;
        }

        var described = await BackAsync(stop);
        await JudgeStreamAsync(described, known, stop);
        await JudgeLocatorsAsync(stop);
    }

    private async Task<Wire.DescribeResponse> BackAsync(CancellationToken stop)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(stop);
        late.CancelAfter(adapter.Config.Limits.Restart);
        try
        {
            while (true)
            {
                if (await adapter.Calls.TryDescribeAsync(late.Token) is { Value: { } described })
                {
                    _verdicts.Hold(ConformanceRules.ComesBack);
                    return described;
                }

                await Task.Delay(Pause, late.Token);
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
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
        BatchMark? other = null;
        bool Compare(Wire.SignedChangeBatch batch)
        {
            var mark = BatchMark.Of(batch);
            if (known.GetValueOrDefault(mark.First, mark) != mark)
                other ??= mark;
            return other is null;
        }

        adapter.Calls.Expect("ReadChanges", await adapter.Calls.ReadAsync(adapter.Read(described.FirstSequence), Compare, stop, timed: false));
        _verdicts.Judge(ConformanceRules.StreamKept, other is null || _verdicts.IsBroken(ConformanceRules.SameBytes), $"the batch of sequence {other?.First} is another than before");
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

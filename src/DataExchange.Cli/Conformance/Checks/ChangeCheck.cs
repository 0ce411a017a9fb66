namespace DataExchange.Cli.Conformance.Checks;

/// <summary>What comes into the stream when something changes at the source.</summary>
internal sealed class ChangeCheck(AdapterView adapter)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public async Task RunAsync(CancellationToken stop)
    {
        if (adapter.Config.Commands.Change is { } change)
            await ChangeAsync(change, stop);
        else
            Skip("change", ConformanceRules.Incremental, ConformanceRules.ClockBehind);
        if (adapter.Config.Commands.Withdraw is { } withdraw)
            await WithdrawAsync(withdraw, stop);
        else
            Skip("withdraw", ConformanceRules.Withdrawal);
    }

    private async Task ChangeAsync(IReadOnlyList<string> change, CancellationToken stop)
    {
        var began = TimeProvider.System.GetUtcNow();
        if (!await FollowAsync(change, ConformanceRules.Incremental, () => true, stop))
            return;
        adapter.Verdicts.Hold(ConformanceRules.Incremental);
        var behind = began - adapter.Stream.PackedAt;
        adapter.Verdicts.Judge(ConformanceRules.ClockBehind, behind <= adapter.Config.Limits.Clock, $"a batch that was packed now says that it was {TimeSpan.FromSeconds(Math.Round(behind.TotalSeconds)):c} ago");
    }

    private async Task WithdrawAsync(IReadOnlyList<string> withdraw, CancellationToken stop)
    {
        if (await FollowAsync(withdraw, ConformanceRules.Withdrawal, () => adapter.Stream.HasWithdrawal, stop))
            adapter.Verdicts.Hold(ConformanceRules.Withdrawal);
    }

    /// <summary>Runs the command and reads on until what it caused is there.</summary>
    private async Task<bool> FollowAsync(IReadOnlyList<string> command, ConformanceRule rule, Func<bool> isThere, CancellationToken stop)
    {
        var described = adapter.Calls.Expect("Describe", await adapter.Calls.DescribeAsync(stop));
        // What was there before is not the change, read or not; an end that is named and was never reached is none.
        var before = adapter.Verdicts.IsBroken(ConformanceRules.Contiguous) && !adapter.Stream.IsCut ? adapter.Stream.Last : described.LastSequence;
        adapter.Stream.Begin(before + 1);
        if (await DepartmentCommand.RunAsync(command, adapter.Config, stop) is { ExitCode: not 0 } end)
        {
            adapter.Verdicts.Skip(rule, $"the command {end}", "Name a command that ends with exit code 0.");
            return false;
        }

        using var late = CancellationTokenSource.CreateLinkedTokenSource(stop);
        late.CancelAfter(adapter.Config.Limits.Change);
        try
        {
            while (true)
            {
                adapter.Calls.Expect("ReadChanges", await adapter.Calls.ReadAsync(
                    adapter.Read(adapter.Stream.Last + 1), batch => adapter.Stream.Take(batch, adapter.Described.StreamEpoch), late.Token));
                if (adapter.Stream.Last > before && isThere())
                    return true;
                await Task.Delay(Pause, late.Token);
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            adapter.Verdicts.Break(rule, $"{adapter.Stream.Last - before} new sequences, and nothing of it, within {adapter.Config.Limits.Change:c}");
            return false;
        }
    }

    private void Skip(string command, params ConformanceRule[] rules)
    {
        foreach (var rule in rules)
            adapter.Verdicts.Skip(rule, "the file names no command", $"Name in commands.{command} what does it at the source.");
    }
}

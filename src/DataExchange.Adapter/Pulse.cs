namespace DataExchange.Adapter;

/// <summary>Wakes one waiter. A pulse given while nobody waits is kept, many are one: the waiter looks at the state itself.</summary>
internal sealed class Pulse
{
    private volatile TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Set() => _next.TrySetResult();

    /// <summary>Returns on a pulse or after <paramref name="longest"/>, whichever is first.</summary>
    public async Task WaitAsync(TimeSpan longest, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(_next.Task, Task.Delay(longest, time, timer.Token));
        await timer.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();

        // Renewed before the waiter looks: what changes from here on sets the new one.
        if (_next.Task.IsCompleted)
            _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

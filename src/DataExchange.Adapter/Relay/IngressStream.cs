using System.Threading.Channels;
using DataExchange.Hosting;
using Grpc.Core;

namespace DataExchange.Adapter;

/// <summary>One call of Publish. After its first failure every pending and every further batch fails with that failure.</summary>
internal sealed class IngressStream : IAsyncDisposable
{
    private readonly AsyncDuplexStreamingCall<Wire.PublishRequest, Wire.PublishResponse> _call;
    private readonly CancellationTokenSource _ended = new();
    private readonly Lock _lock = new();
    private readonly Queue<Pending> _unanswered = new();
    private readonly Task _writing;
    private readonly Task _reading;

    // As long as the relay's limit of batches under way.
    private readonly Channel<Wire.PublishRequest> _unsent = Channel.CreateUnbounded<Wire.PublishRequest>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private Exception? _failure;

    public IngressStream(Wire.ChangeIngressService.ChangeIngressServiceClient hub)
    {
        _call = hub.Publish(cancellationToken: _ended.Token);
        _writing = GuardAsync(WriteAsync);
        _reading = GuardAsync(ReadAsync);
    }

    public Task<PublishConfirmation> SendAsync(ulong firstSequence, Wire.SignedChangeBatch batch)
    {
        var pending = new Pending(firstSequence);
        lock (_lock)
        {
            if (_failure is not null)
                return Task.FromException<PublishConfirmation>(_failure);
            _unanswered.Enqueue(pending);
        }
        _unsent.Writer.TryWrite(new Wire.PublishRequest { Batch = batch, Traceparent = ExchangeDiagnostics.Traceparent });
        return pending.Answer.Task;
    }

    public async ValueTask DisposeAsync()
    {
        Fail(new PublishFailedException("Dropped"));
        await _ended.CancelAsync();
        await Task.WhenAll(_writing, _reading);
        _call.Dispose();
        _ended.Dispose();
    }

    private async Task WriteAsync()
    {
        await foreach (var request in _unsent.Reader.ReadAllAsync(_ended.Token))
            await _call.RequestStream.WriteAsync(request, _ended.Token);
    }

    private async Task ReadAsync()
    {
        while (await _call.ResponseStream.MoveNext(_ended.Token))
            Answer(_call.ResponseStream.Current);
        throw new PublishFailedException("StreamEnded");
    }

    private void Answer(Wire.PublishResponse response)
    {
        Pending? pending;
        lock (_lock)
            _unanswered.TryDequeue(out pending);
        // 0: the hub could not read the batch, so it cannot name it.
        if (pending is null || (response.FirstSequence != pending.FirstSequence && response.FirstSequence != 0))
        {
            var failure = new PublishFailedException("AnswerOutOfOrder");
            pending?.Answer.TrySetException(failure);
            throw failure;
        }
        pending.Answer.TrySetResult(new PublishConfirmation(response.Result, response.Reason, response.Detail, response.Watermark));
    }

    private async Task GuardAsync(Func<Task> loop)
    {
        try
        {
            await loop();
        }
        catch (Exception exception)
        {
            Fail(exception);
        }
    }

    private void Fail(Exception failure)
    {
        lock (_lock)
        {
            if (_failure is not null)
                return;
            _failure = failure;
            while (_unanswered.TryDequeue(out var pending))
                pending.Answer.TrySetException(failure);
        }
    }

    private sealed record Pending(ulong FirstSequence)
    {
        public TaskCompletionSource<PublishConfirmation> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

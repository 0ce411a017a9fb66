namespace DataExchange.Adapter;

/// <summary>Publishes through the hub's gRPC ingress: one stream, many batches under way, answers in order.</summary>
internal sealed class IngressBatchPublisher(Wire.ChangeIngressService.ChangeIngressServiceClient hub) : IBatchPublisher, IAsyncDisposable
{
    private IngressStream? _stream;

    public bool ConfirmsForHub => true;

    public Task<PublishConfirmation> PublishAsync(ulong firstSequence, Wire.SignedChangeBatch batch, CancellationToken cancellationToken)
    {
        _stream ??= new IngressStream(hub);
        return _stream.SendAsync(firstSequence, batch);
    }

    public async ValueTask ResetAsync()
    {
        if (Interlocked.Exchange(ref _stream, null) is { } stream)
            await stream.DisposeAsync();
    }

    public ValueTask DisposeAsync() => ResetAsync();
}

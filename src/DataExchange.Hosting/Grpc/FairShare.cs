using System.Threading.RateLimiting;
using DataExchange.Contracts;
using Microsoft.Extensions.Options;

namespace DataExchange.Hosting;

/// <summary>
/// How much of the process one peer may take: so many calls in work, so many waiting for one of these to end, and no more. Whoever asks ten
/// times as much only makes its own calls wait. Keyed by the peer of the TLS key. Thread safe.
/// </summary>
public sealed class FairShare : IDisposable
{
    // The queue moves with every call that ends.
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly PartitionedRateLimiter<PeerIdentity> _work;

    public FairShare(IOptions<GrpcLimits> limits)
    {
        var options = new ConcurrencyLimiterOptions
        {
            PermitLimit = limits.Value.WorkPerPeerMax,
            QueueLimit = limits.Value.WaitingPerPeerMax,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        };
        // A key that is renewed makes no second share.
        _work = PartitionedRateLimiter.Create<PeerIdentity, (PeerRole, string)>(
            peer => RateLimitPartition.GetConcurrencyLimiter((peer.Role, peer.Name), _ => options));
    }

    /// <summary>Waits for a place among the peer's work. The caller disposes of it when the work is done.</summary>
    /// <exception cref="Grpc.Core.RpcException">CALLER_BUSY: as many wait already as may.</exception>
    public async ValueTask<IDisposable> EnterAsync(PeerIdentity peer, CancellationToken cancellationToken)
    {
        var place = _work.AttemptAcquire(peer);
        if (!place.IsAcquired)
            place = await _work.AcquireAsync(peer, permitCount: 1, cancellationToken);
        return place.IsAcquired ? place : throw (ExchangeError.Of(ErrorReasons.CallerBusy) with { RetryAfter = RetryAfter }).ToRpcException();
    }

    public void Dispose() => _work.Dispose();
}

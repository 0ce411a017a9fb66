using DataExchange.Contracts;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace DataExchange.Hosting;

public static class CallContextExtensions
{
    /// <summary>Shortest time a call is worked on, whatever its caller allows. 50 ms.</summary>
    public static readonly TimeSpan BudgetMin = TimeSpan.FromMilliseconds(50);

    /// <summary>Longest time a call is worked on. 30 s.</summary>
    public static readonly TimeSpan BudgetMax = TimeSpan.FromSeconds(30);

    /// <summary>For a caller that states no deadline. 5 s.</summary>
    public static readonly TimeSpan BudgetDefault = TimeSpan.FromSeconds(5);

    /// <summary>The caller, from its certificate, read once when the connection was made.</summary>
    /// <exception cref="RpcException">The call did not come through a mutual TLS listener.</exception>
    public static PeerIdentity GetPeer(this ServerCallContext context) => context.GetPeerConnection().Peer;

    /// <summary>The caller of a request that is no gRPC call; null unless its key is registered and its certificate valid now.</summary>
    public static PeerIdentity? GetRegisteredPeer(this HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Features.Get<PeerConnection>() is { } connection && context.RequestServices.GetRequiredService<OpenCalls>().Refusal(connection) is null
            ? connection.Peer
            : null;
    }

    internal static PeerConnection GetPeerConnection(this ServerCallContext context) =>
        context.GetHttpContext().Features.Get<PeerConnection>() ?? throw ExchangeError.Of(ErrorReasons.CertificateMissing).ToRpcException();

    /// <summary>Time left for the answer: what the caller's deadline leaves, between <see cref="BudgetMin"/> and <see cref="BudgetMax"/>.</summary>
    public static TimeSpan GetBudget(this ServerCallContext context, TimeProvider clock) => Budget(context.Deadline, clock.GetUtcNow().UtcDateTime);

    internal static TimeSpan Budget(DateTime deadline, DateTime now)
    {
        if (deadline == DateTime.MaxValue)
            return BudgetDefault;
        var left = deadline - now;
        return left < BudgetMin ? BudgetMin : left > BudgetMax ? BudgetMax : left;
    }
}

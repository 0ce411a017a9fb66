using DataExchange.Contracts;
using DataExchange.Hosting;
using Grpc.Core;

namespace DataExchange.Testing;

/// <summary>The hub's ingress, as the contract says, over the fake index.</summary>
internal sealed class FakeIngress(FakeIndex index) : Wire.ChangeIngressService.ChangeIngressServiceBase
{
    public override async Task Publish(
        IAsyncStreamReader<Wire.PublishRequest> requestStream, IServerStreamWriter<Wire.PublishResponse> responseStream, ServerCallContext context)
    {
        await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken))
            await responseStream.WriteAsync(index.Take(request.Batch ?? new Wire.SignedChangeBatch()), context.CancellationToken);
    }

    public override Task<Wire.GetStreamStateResponse> GetStreamState(Wire.GetStreamStateRequest request, ServerCallContext context) => Task.FromResult(index.State());
}

/// <summary>Lets the department under test in, with its own key.</summary>
internal sealed class OnlyDepartment(string department, string keyId) : IKeyDirectory
{
    public ExchangeError? Check(PeerIdentity peer) =>
        peer.Role == PeerRole.Department && peer.Name == department && peer.KeyId == keyId ? null : ExchangeError.Of(ErrorReasons.KeyNotRegistered);
}

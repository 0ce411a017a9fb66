using DataExchange.Contracts;
using DataExchange.Hosting;
using Grpc.Core;
using Microsoft.Extensions.Options;
using NUnit.Framework;

namespace DataExchange.UnitTests.Hosting.Grpc;

internal sealed class FairShareTests
{
    private static readonly PeerIdentity Tax = new(PeerRole.Department, "tax", "key-1");

    private readonly FairShare _share = new(Options.Create(new GrpcLimits { WorkPerPeerMax = 2, WaitingPerPeerMax = 1 }));

    [OneTimeTearDown]
    public void Dispose() => _share.Dispose();

    [Test]
    public async Task Enter_MoreThanTheShare_WaitsThenIsRefusedAndOthersEnter()
    {
        using var first = await _share.EnterAsync(Tax, CancellationToken.None);
        using var second = await _share.EnterAsync(Tax with { KeyId = "key-2" }, CancellationToken.None);
        var third = _share.EnterAsync(Tax, CancellationToken.None).AsTask();
        var refused = (await Assert.ThrowsAsync<RpcException>(async () => await _share.EnterAsync(Tax, CancellationToken.None)))!;
        using var other = await _share.EnterAsync(Tax with { Name = "housing" }, CancellationToken.None);

        Assert.That(third.IsCompleted, Is.False);
        Assert.That(refused.StatusCode, Is.EqualTo(StatusCode.ResourceExhausted));
        Assert.That(refused.Status.Detail, Does.StartWith(ErrorReasons.CallerBusy.Name));

        first.Dispose();
        using var entered = await third.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Test]
    public async Task Enter_CallerLeavesWhileWaiting_GivesItsPlaceUp()
    {
        var peer = Tax with { Name = "leaver" };
        using var first = await _share.EnterAsync(peer, CancellationToken.None);
        using var second = await _share.EnterAsync(peer, CancellationToken.None);
        using var left = new CancellationTokenSource();
        var waiting = _share.EnterAsync(peer, left.Token).AsTask();

        await left.CancelAsync();

        await Assert.ThatAsync(async () => await waiting, Throws.InstanceOf<OperationCanceledException>());
        var next = _share.EnterAsync(peer, CancellationToken.None).AsTask();
        Assert.That(next.IsCompleted, Is.False, "it waits, in the place of the one that left");
        first.Dispose();
        using var entered = await next.WaitAsync(TimeSpan.FromSeconds(10));
    }
}

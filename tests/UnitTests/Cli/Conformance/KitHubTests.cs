using System.Net;
using DataExchange.Cli.Conformance;
using DataExchange.Hosting;
using DataExchange.Testing;
using DataExchange.UnitTests.Broker.Ingest;
using NUnit.Framework;

namespace DataExchange.UnitTests.Cli.Conformance;

/// <summary>The kit as the hub that an adapter publishes to.</summary>
internal sealed class KitHubTests
{
    [TestCase(1, false)]
    [TestCase(2, true)]
    public async Task Batch_Published_IsHeldAgainstWhatIsServed(int served, bool broken)
    {
        using var certificates = new TestCertificates("tax");
        using var tax = TlsCredentials.Load(certificates.Department("tax"));
        var verdicts = new Verdicts();
        var endpoint = new IPEndPoint(IPAddress.Loopback, FreePort.Next());
        await using var hub = await KitHub.StartAsync(endpoint, certificates.Hub, new AdapterDouble.OpenDoor(), verdicts);
        using var channel = MutualTlsClient.Connect(new Uri($"https://{endpoint}"), tax, new ExpectedPeer(PeerRole.Hub, TestCertificates.BrokerId));
        var client = new Wire.ChangeIngressService.ChangeIngressServiceClient(channel);

        using var call = client.Publish();
        await call.RequestStream.WriteAsync(new() { Batch = Batch(1) });
        await call.ResponseStream.MoveNext(CancellationToken.None);
        await hub.LoadedAsync(Eventually.DefaultTimeout, CancellationToken.None);
        hub.Judge([BatchMark.Of(Batch(served))]);

        Assert.That((call.ResponseStream.Current.FirstSequence, call.ResponseStream.Current.Result), Is.EqualTo((7UL, Wire.BatchResult.Applied)));
        Assert.That(await client.GetStreamStateAsync(new()), Is.EqualTo(new Wire.GetStreamStateResponse { StreamEpoch = IngestSamples.Epoch }), "nothing is applied, so that nothing is trimmed");
        Assert.That(verdicts.IsBroken(ConformanceRules.SameBytes), Is.EqualTo(broken));
    }

    private static Wire.SignedChangeBatch Batch(int income)
    {
        var change = new Wire.Change { Set = new() { Attribute = "income", Value = new() { Integer = income } } };
        return new() { Payload = Google.Protobuf.MessageExtensions.ToByteString(new Wire.ChangeBatch { StreamEpoch = IngestSamples.Epoch, FirstSequence = 7, Changes = { change } }) };
    }
}

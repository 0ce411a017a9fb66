using System.Net;
using System.Net.Sockets;
using DataExchange.Hosting;
using DataExchange.Testing;
using Grpc.Core;
using Grpc.Health.V1;
using NUnit.Framework;

namespace DataExchange.UnitTests.Hosting.Tls;

/// <summary>Where an address that somebody has named may lead the hub, however it is spelled.</summary>
public sealed class ReachableNetworksTests
{
    [TestCase("10.20.0.1", true)]
    [TestCase("10.20.255.255", true)]
    [TestCase("::ffff:10.20.0.1", true)]
    [TestCase("fd00::1", true)]
    [TestCase("10.21.0.1", false)]
    [TestCase("127.0.0.1", false)]
    [TestCase("::1", false)]
    [TestCase("::10.20.0.1", false)]
    [TestCase("64:ff9b::10.20.0.1", false)]
    [TestCase("2002:0a14:0001::1", false)]
    public void Contains_WithNetworksNamed_IsWhatIsInThem(string address, bool expected) =>
        Assert.That(new ReachableNetworks([IPNetwork.Parse("10.20.0.0/16"), IPNetwork.Parse("fd00::/8")]).Contains(IPAddress.Parse(address)), Is.EqualTo(expected));

    [TestCase("127.0.0.1", true)]
    [TestCase("::1", true)]
    [TestCase("192.0.2.1", true)]
    [TestCase("2001:db8::1", true)]
    [TestCase("169.254.169.254", false)]
    [TestCase("::ffff:169.254.169.254", false)]
    [TestCase("168.63.129.16", false)]
    [TestCase("fd00:ec2::254", false)]
    [TestCase("fe80::1", false)]
    [TestCase("fec0::1", false)]
    [TestCase("0.0.0.0", false)]
    [TestCase("0.1.2.3", false)]
    [TestCase("::", false)]
    [TestCase("::ffff:0.0.0.0", false)]
    [TestCase("224.0.0.1", false)]
    [TestCase("239.255.255.255", false)]
    [TestCase("255.255.255.255", false)]
    [TestCase("ff02::1", false)]
    [TestCase("::7f00:1", false)]
    [TestCase("64:ff9b::a9fe:a9fe", false)]
    [TestCase("2001::1", false)]
    public void Contains_WithNoneNamed_IsNeverThisLinkManyNoneOrATunnel(string address, bool expected) =>
        Assert.That(new ReachableNetworks([]).Contains(IPAddress.Parse(address)), Is.EqualTo(expected));

    [Test]
    public async Task Call_ToThisMachineHoweverItIsSpelled_OpensNoConnection()
    {
        using var listener = new TcpListener(IPAddress.IPv6Any, 0) { Server = { DualMode = true } };
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var certificates = new TestCertificates("tax");
        using var credentials = TlsCredentials.Load(certificates.Hub);
        var limits = new ClientLimits { Networks = new ReachableNetworks([IPNetwork.Parse("10.20.0.0/16")]), ConnectTimeout = TimeSpan.FromSeconds(2) };

        // The rest is no address, and no catalogue takes it.
        var spellings = Loopbacks.Where(host => Uri.IsWellFormedUriString($"https://{host}:{port}", UriKind.Absolute)).ToList();
        Assert.That(spellings, Has.Count.GreaterThan(30));
        foreach (var host in spellings)
        {
            using var channel = MutualTlsClient.Connect(new Uri($"https://{host}:{port}"), credentials, new ExpectedPeer(PeerRole.Department, "tax"), limits);
            var call = await Assert.ThrowsAsync<RpcException>(async () => await new Health.HealthClient(channel).CheckAsync(new()), host);
            Assert.That(call!.StatusCode, Is.EqualTo(StatusCode.Unavailable), host);
        }

        Assert.That(listener.Pending(), Is.False);
        // The same call connects where it may.
        using var open = MutualTlsClient.Connect(new Uri($"https://127.1:{port}"), credentials, new ExpectedPeer(PeerRole.Department, "tax"), limits with { Networks = new ReachableNetworks([]) });
        var waiting = new Health.HealthClient(open).CheckAsync(new());
        using var connection = await listener.AcceptTcpClientAsync().WaitAsync(TimeSpan.FromSeconds(10));
        Assert.That(connection.Connected, Is.True);
        connection.Close();
        await Assert.ThrowsAsync<RpcException>(async () => await waiting);
    }

    private static readonly string[] Loopbacks =
    [
        "127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.1", "0x7F.0x0.0x0.0x1", "017700000001", "0177.1", "0177.0.0.01",
        "localhost", "LOCALHOST", "LocalHost", "%6c%6fcalhost", "[::1]", "[0:0:0:0:0:0:0:1]", "[0000::0001]", "[::ffff:127.0.0.1]", "[::FFFF:7f00:1]",
        "[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:0001::]", "0.0.0.0", "0", "[::]", "[::ffff:0.0.0.0]",
        "１２７.0.0.1", "ⓛocalhost", "127。0。0。1", "user@127.0.0.1", "user:pass@localhost", "10.20.0.1@127.0.0.1", "10.20.0.1%2f@127.0.0.1",
        "169.254.169.254", "[::ffff:169.254.169.254]", "[fe80::1]", "0xa9fea9fe", "2852039166",
    ];
}

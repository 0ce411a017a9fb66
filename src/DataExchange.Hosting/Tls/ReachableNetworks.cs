using System.Net;
using System.Net.Sockets;

namespace DataExchange.Hosting;

/// <summary>
/// Where connections to addresses that others have named may lead. Never to this link, to many or to none, nor through a tunnel that hides where:
/// what answers there is a host's own metadata or administration. What a name resolves to counts, at each connection, and an IPv4 address
/// however it is spelled.
/// </summary>
/// <param name="allowed">Empty for all the rest.</param>
public sealed class ReachableNetworks(IReadOnlyList<IPNetwork> allowed)
{
    private static readonly IPNetwork[] Never =
    [
        .. new[]
        {
            "0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32",
            "::/128", "fe80::/10", "fec0::/10", "ff00::/8",
            // NAT64, Teredo, 6to4 and IPv4-compatible: an IPv4 address within.
            "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "::/96",
            // Where clouds answer for their hosts' metadata, beside link-local.
            "100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::254/128",
        }.Select(IPNetwork.Parse),
    ];

    public bool Contains(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return (address.Equals(IPAddress.IPv6Loopback) || !Never.Any(network => network.Contains(address)))
            && (allowed.Count == 0 || allowed.Any(network => network.Contains(address)));
    }

    /// <returns>A connection to the first address that answers of those the host has in these networks; null if it has none there.</returns>
    /// <exception cref="SocketException">The host is not known, or none answers.</exception>
    internal async ValueTask<Stream?> ConnectAsync(DnsEndPoint host, CancellationToken cancellationToken)
    {
        // Resolved once: what is looked at is what is connected to.
        IPAddress[] found = IPAddress.TryParse(host.Host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host.Host, cancellationToken);
        IPAddress[] reachable = [.. found.Where(Contains)];
        if (reachable.Length == 0)
            return null;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(reachable, host.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

using System.Net;
using System.Net.Sockets;

namespace DataExchange.Cli.Bench;

/// <summary>Ports on loopback that nobody listens on, each given out once.</summary>
internal static class FreePorts
{
    private const int First = 21_000;
    private const int Last = 32_000;

    private static int _next = First;

    /// <summary>The first of <paramref name="count"/> ports in a row.</summary>
    public static int Row(int count)
    {
        while (true)
        {
            var first = Interlocked.Add(ref _next, count) - count;
            if (first + count > Last)
                throw new BenchUnavailableException($"No {count} free ports in a row on loopback.");
            if (Enumerable.Range(first, count).All(IsFree))
                return first;
        }
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

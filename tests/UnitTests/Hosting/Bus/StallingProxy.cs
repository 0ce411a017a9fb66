using System.Net;
using System.Net.Sockets;

namespace DataExchange.UnitTests.Hosting.Bus;

/// <summary>Passes TCP connections on. Once stalled, the connections it has stay open and carry nothing; new ones work.</summary>
internal sealed class StallingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopped = new();
    private readonly int _target;
    private readonly Task _accepting;
    private volatile CancellationTokenSource _flowing = new();
    private int _connections;

    public StallingProxy(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int Connections => Volatile.Read(ref _connections);

    public void StallOpenConnections() => Interlocked.Exchange(ref _flowing, new CancellationTokenSource()).Cancel();

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stopped.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stopped.Token);
                Interlocked.Increment(ref _connections);
                _ = PassOnAsync(client, _flowing.Token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            // Disposed.
        }
    }

    private async Task PassOnAsync(TcpClient client, CancellationToken flowing)
    {
        using (client)
        using (var server = new TcpClient())
        {
            await server.ConnectAsync(IPAddress.Loopback, _target, _stopped.Token);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(flowing, _stopped.Token);
            var up = client.GetStream().CopyToAsync(server.GetStream(), either.Token);
            var down = server.GetStream().CopyToAsync(client.GetStream(), either.Token);
            await Task.WhenAny(up, down).ContinueWith(_ => { }, TaskScheduler.Default);
            if (!flowing.IsCancellationRequested)
                return;
            // Stalled: hold both ends open until the proxy goes.
            await Task.Delay(Timeout.InfiniteTimeSpan, _stopped.Token).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }
}

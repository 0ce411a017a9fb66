using System.Collections.Concurrent;
using DataExchange.Contracts;
using Microsoft.AspNetCore.Http;

namespace DataExchange.Hosting;

/// <summary>
/// Who may call, and the calls that are open. A call is asked about when it comes and at each of its messages; every
/// <see cref="CheckInterval"/> all that are open are asked about again, so that one without messages ends with its caller's right too.
/// One timer for all: a message costs nothing by it. Thread safe.
/// </summary>
internal sealed class OpenCalls : IDisposable
{
    /// <summary>With the slowest poll of the catalogue, 4 s, a call ends within 5 s of the change.</summary>
    public static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<OpenCall, bool> _open = new();
    private readonly IKeyDirectory _keys;
    private readonly TimeProvider _clock;
    private readonly ITimer _timer;

    public OpenCalls(IKeyDirectory keys, TimeProvider clock)
    {
        (_keys, _clock) = (keys, clock);
        _timer = clock.CreateTimer(static calls => ((OpenCalls)calls!).EndRefused(), this, CheckInterval, CheckInterval);
    }

    /// <returns>null while the peer may call, otherwise why not.</returns>
    public ExchangeError? Refusal(PeerConnection peer) =>
        peer.ValidUntil < _clock.GetUtcNow() ? ExchangeError.Of(ErrorReasons.CertificateRefused) : _keys.Check(peer.Peer);

    /// <summary>From here to its disposal the call's <see cref="HttpContext.RequestAborted"/> also stands for its caller's right to it.</summary>
    public OpenCall Open(HttpContext context, PeerConnection peer)
    {
        var call = new OpenCall(this, context, peer);
        _open.TryAdd(call, true);
        return call;
    }

    public void Dispose() => _timer.Dispose();

    private void EndRefused()
    {
        foreach (var (call, _) in _open)
        {
            if (Refusal(call.Peer) is { } refusal)
                call.End(refusal);
        }
    }

    internal sealed class OpenCall : IDisposable
    {
        private readonly OpenCalls _calls;
        private readonly CancellationTokenSource _end;

        public OpenCall(OpenCalls calls, HttpContext context, PeerConnection peer)
        {
            (_calls, Peer) = (calls, peer);
            // Before gRPC takes it up: a deadline's own token is made from it, and with it all that services wait for.
            _end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
            context.RequestAborted = _end.Token;
        }

        public PeerConnection Peer { get; }

        /// <summary>Why the call was ended; null while it was not.</summary>
        public ExchangeError? Refusal { get; private set; }

        public void End(ExchangeError refusal)
        {
            if (Refusal is not null)
                return;
            Refusal = refusal;
            try
            {
                // What the service does about it runs elsewhere: it must not hold up the end of others.
                _ = _end.CancelAsync();
            }
            catch (ObjectDisposedException)
            {
                // The call has ended by itself meanwhile.
            }
        }

        public void Dispose()
        {
            _calls._open.TryRemove(this, out _);
            _end.Dispose();
        }
    }
}

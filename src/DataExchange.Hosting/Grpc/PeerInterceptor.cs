using Grpc.Core;
using Grpc.Core.Interceptors;

namespace DataExchange.Hosting;

/// <summary>
/// Lets a call, and every message of a stream, through only while the caller's certificate is valid and its key registered: the handshake
/// proved who is calling, this proves that they still may. <see cref="OpenCalls"/> ends what waits without messages. Unary calls take a place
/// in their caller's <see cref="FairShare"/>; what a stream's messages take, its service knows.
/// </summary>
internal sealed class PeerInterceptor(OpenCalls calls, FairShare share) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        var peer = Require(context.GetPeerConnection());
        using var place = await share.EnterAsync(peer.Peer, context.CancellationToken);
        return await continuation(request, context);
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        var peer = Require(context.GetPeerConnection());
        await using var reader = new Reader<TRequest>(requestStream, this, peer, context.CancellationToken);
        return await continuation(reader, context);
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        var peer = Require(context.GetPeerConnection());
        return continuation(request, new Writer<TResponse>(responseStream, this, peer), context);
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        var peer = Require(context.GetPeerConnection());
        await using var reader = new Reader<TRequest>(requestStream, this, peer, context.CancellationToken);
        await continuation(reader, new Writer<TResponse>(responseStream, this, peer), context);
    }

    private PeerConnection Require(PeerConnection connection) =>
        calls.Refusal(connection) is { } error ? throw error.ToRpcException() : connection;

    /// <summary>
    /// Reads until the call has ended, however its service ends it: the server uses what a call is read from for the next call on the
    /// connection, and a read left behind would meet that one's messages.
    /// </summary>
    private sealed class Reader<T>(IAsyncStreamReader<T> inner, PeerInterceptor gate, PeerConnection peer, CancellationToken callEnds)
        : IAsyncStreamReader<T>, IAsyncDisposable
    {
        private readonly CancellationTokenSource _ended = CancellationTokenSource.CreateLinkedTokenSource(callEnds);
        private Task _reading = Task.CompletedTask;

        public T Current => inner.Current;

        public Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            var reading = ReadAsync(cancellationToken);
            _reading = reading;
            return reading;
        }

        public async ValueTask DisposeAsync()
        {
            await _ended.CancelAsync();
            await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _ended.Dispose();
        }

        private async Task<bool> ReadAsync(CancellationToken cancellationToken)
        {
            using var either = cancellationToken.CanBeCanceled && cancellationToken != callEnds
                ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended.Token) : null;
            if (!await inner.MoveNext(either?.Token ?? _ended.Token))
                return false;
            gate.Require(peer);
            return true;
        }
    }

    private sealed class Writer<T>(IServerStreamWriter<T> inner, PeerInterceptor gate, PeerConnection peer) : IServerStreamWriter<T>
    {
        public WriteOptions? WriteOptions
        {
            get => inner.WriteOptions;
            set => inner.WriteOptions = value;
        }

        public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

        public Task WriteAsync(T message, CancellationToken cancellationToken)
        {
            gate.Require(peer);
            return inner.WriteAsync(message, cancellationToken);
        }
    }
}

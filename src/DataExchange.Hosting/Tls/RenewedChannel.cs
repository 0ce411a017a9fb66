using Grpc.Core;
using Grpc.Net.Client;

namespace DataExchange.Hosting;

/// <summary>
/// A channel for as long as the own certificate lasts, then another: new calls go over a connection with the certificate of now, and what is
/// open goes on over the one before, until the renewal after that. Thread safe.
/// </summary>
/// <param name="credentials">Whose certificate it is.</param>
/// <param name="open">Opens a channel with the certificate of now.</param>
public sealed class RenewedChannel(TlsCredentials credentials, Func<GrpcChannel> open) : CallInvoker, IDisposable
{
    private readonly Lock _lock = new();
    private (object Certificate, GrpcChannel Channel)? _current;
    private GrpcChannel? _former;
    private bool _isDisposed;

    /// <summary>Belongs to this object, and is disposed of with it. MUST be asked for at each call.</summary>
    public GrpcChannel Current
    {
        get
        {
            lock (_lock)
            {
                var certificate = credentials.Certificate;
                if (_current is { } current && (_isDisposed || ReferenceEquals(current.Certificate, certificate)))
                    return current.Channel;
                _former?.Dispose();
                _former = _current?.Channel;
                _current = (certificate, open());
                // Asked for by somebody who had it in hand when it ended: the call fails as on any channel that has ended.
                if (_isDisposed)
                    _current.Value.Channel.Dispose();
                return _current.Value.Channel;
            }
        }
    }

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        Current.CreateCallInvoker().BlockingUnaryCall(method, host, options, request);

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        Current.CreateCallInvoker().AsyncUnaryCall(method, host, options, request);

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        Current.CreateCallInvoker().AsyncServerStreamingCall(method, host, options, request);

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) =>
        Current.CreateCallInvoker().AsyncClientStreamingCall(method, host, options);

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) =>
        Current.CreateCallInvoker().AsyncDuplexStreamingCall(method, host, options);

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _former?.Dispose();
            _current?.Channel.Dispose();
        }
    }
}

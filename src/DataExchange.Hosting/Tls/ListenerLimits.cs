using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace DataExchange.Hosting;

/// <summary>What one process takes from the network before any of our code runs. Section <c>Listener</c>.</summary>
public sealed class ListenerLimits
{
    public const string Section = "Listener";

    /// <summary>Open connections, all listeners together; further ones are closed at once. Default 2,000.</summary>
    [Range(1, 100_000)]
    public int ConnectionsMax { get; set; } = 2_000;

    /// <summary>Calls at once on one connection; a client waits with further ones. Default 200.</summary>
    [Range(1, 10_000)]
    public int StreamsPerConnectionMax { get; set; } = 200;

    /// <summary>
    /// One unary request, in bytes. Default 4 MiB: above every message limit, so that a message too large is answered
    /// RESOURCE_EXHAUSTED by its size prefix, and this is the stop behind it. Streams are limited message by message.
    /// </summary>
    [Range(65_536, 67_108_864)]
    public long RequestBodyBytesMax { get; set; } = 4 * 1024 * 1024;

    /// <summary>All headers of a request, in bytes. Default 16 KiB.</summary>
    [Range(1_024, 1_048_576)]
    public int RequestHeadersBytesMax { get; set; } = 16 * 1024;

    /// <summary>One header field, in bytes. Default 8 KiB.</summary>
    [Range(1_024, 1_048_576)]
    public int RequestHeaderFieldBytesMax { get; set; } = 8 * 1024;

    /// <summary>Header fields of one request. Default 64.</summary>
    [Range(8, 1_000)]
    public int RequestHeadersMax { get; set; } = 64;

    /// <summary>From the TCP connection to the end of the TLS handshake. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>For one request's headers to arrive. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan RequestHeadersTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a connection without calls stays open. Default 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "24:00:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Silence after which the other end is pinged, so that a half-open connection is found. Default 20 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan PingDelay { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a ping may stay unanswered before the connection is dropped. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan PingTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Slowest reading of an answer and slowest sending of a unary request, in bytes a second, after 5 s of grace. Default 240.</summary>
    [Range(1, 1_000_000)]
    public int BytesPerSecondMin { get; set; } = 240;

    internal void ApplyTo(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        var limits = kestrel.Limits;
        limits.MaxConcurrentConnections = ConnectionsMax;
        limits.MaxConcurrentUpgradedConnections = 0;
        limits.MaxRequestBodySize = RequestBodyBytesMax;
        limits.MaxRequestHeadersTotalSize = RequestHeadersBytesMax;
        limits.MaxRequestHeaderCount = RequestHeadersMax;
        limits.RequestHeadersTimeout = RequestHeadersTimeout;
        limits.KeepAliveTimeout = IdleTimeout;
        limits.MinRequestBodyDataRate = new MinDataRate(BytesPerSecondMin, TimeSpan.FromSeconds(5));
        limits.MinResponseDataRate = new MinDataRate(BytesPerSecondMin, TimeSpan.FromSeconds(5));
        limits.Http2.MaxStreamsPerConnection = StreamsPerConnectionMax;
        limits.Http2.MaxRequestHeaderFieldSize = RequestHeaderFieldBytesMax;
        limits.Http2.KeepAlivePingDelay = PingDelay;
        limits.Http2.KeepAlivePingTimeout = PingTimeout;
    }
}

[OptionsValidator]
internal sealed partial class ListenerLimitsValidator : IValidateOptions<ListenerLimits>;

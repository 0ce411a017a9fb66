using System.Net;
using System.Net.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace DataExchange.Hosting;

/// <summary>The listening side; <see cref="MutualTlsClient"/> is the calling side.</summary>
public static class MutualTls
{
    /// <summary>
    /// Loads <see cref="TlsCredentials"/> from section <c>Tls</c> at start, and fails the start if they cannot be used; renews them while the
    /// host runs.
    /// </summary>
    public static IServiceCollection AddTlsCredentials(this IServiceCollection services, IConfiguration configuration, Action<TlsOptions>? configure = null)
    {
        services.AddOptions<TlsOptions>().Bind(configuration.GetSection(TlsOptions.Section)).Configure(configure ?? (_ => { })).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TlsOptions>, TlsOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider => TlsCredentials.Load(provider.GetRequiredService<IOptions<TlsOptions>>().Value));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, TlsRenewal>());
        return services;
    }

    /// <summary>
    /// Adds a gRPC listener: TLS 1.3, HTTP/2 and a client certificate of this exchange, nothing else; limits from section <c>Listener</c>.
    /// Port 0 takes a free one. May be called once per endpoint.
    /// </summary>
    /// <param name="http1">Takes HTTP/1.1 too, from those that offer no HTTP/2 or name no protocol.</param>
    public static WebApplicationBuilder UseMutualTls(
        this WebApplicationBuilder builder, IPEndPoint endpoint, Action<TlsOptions>? configure = null, bool http1 = false)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(endpoint);
        builder.Services.AddTlsCredentials(builder.Configuration, configure);
        if (builder.Services.All(service => service.ServiceType != typeof(PeerHandshake)))
            builder.Services.AddSingleton<PeerHandshake>().AddHealthChecks().AddCheck<CertificateHealthCheck>("certificate");
        builder.UseListenerLimits();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            var handshake = kestrel.ApplicationServices.GetRequiredService<PeerHandshake>();
            var limits = kestrel.ApplicationServices.GetRequiredService<IOptions<ListenerLimits>>().Value;
            kestrel.Listen(endpoint, listener =>
            {
                listener.Protocols = http1 ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http2;
                listener.Use(handshake.RequireHello);
                listener.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = handshake.OnConnection,
                    OnConnectionState = http1 ? new List<SslApplicationProtocol> { SslApplicationProtocol.Http2, SslApplicationProtocol.Http11 } : [SslApplicationProtocol.Http2],
                    HandshakeTimeout = limits.HandshakeTimeout,
                });
                if (!http1)
                    listener.Use(handshake.RequireHttp2);
            });
        });
        return builder;
    }

    internal static void UseListenerLimits(this WebApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ImplementationType == typeof(ListenerLimitsValidator)))
            return;
        builder.Services.AddOptions<ListenerLimits>().Bind(builder.Configuration.GetSection(ListenerLimits.Section)).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<ListenerLimits>, ListenerLimitsValidator>();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ApplicationServices.GetRequiredService<IOptions<ListenerLimits>>().Value.ApplyTo(kestrel));
    }
}

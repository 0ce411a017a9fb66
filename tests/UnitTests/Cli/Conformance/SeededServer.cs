using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DataExchange.UnitTests.Cli.Conformance;

/// <summary>Where a <see cref="SeededAdapter"/> listens: mutual TLS by Kestrel's own means, each of its rules to be switched off.</summary>
internal sealed class SeededServer : IAsyncDisposable
{
    private readonly X509Certificate2 _root;
    private readonly string _hubKey;
    private readonly System.Collections.Concurrent.ConcurrentDictionary<ConnectionContext, bool> _connections = new();
    private WebApplication? _app;

    public SeededServer(X509Certificate2 root, X509Certificate2 hub, X509Certificate2 own)
    {
        (_root, Own) = (root, own);
        _hubKey = hub.PublicKey.EncodedKeyValue.Format(false);
        LetsIn = certificate => certificate?.PublicKey.EncodedKeyValue.Format(false) == _hubKey;
    }

    public X509Certificate2 Own { get; set; }

    public SslProtocols Protocols { get; set; } = SslProtocols.Tls13;

    public ClientCertificateMode Mode { get; set; } = ClientCertificateMode.RequireCertificate;

    public bool ChecksRoot { get; set; } = true;

    public bool ChecksTime { get; set; } = true;

    public int? ReceiveBytesMax { get; set; } = 1_114_112;

    public Func<X509Certificate2?, bool> LetsIn { get; set; }

    public Uri Address => new(_app!.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    /// <summary>By its URI name alone, whatever its key.</summary>
    public static bool IsNamedHub(X509Certificate2? certificate) =>
        certificate is not null && certificate.Extensions["2.5.29.17"] is { } names && System.Text.Encoding.ASCII.GetString(names.RawData).Contains("/hub/hub1", StringComparison.Ordinal);

    public async Task StartAsync(SeededAdapter adapter)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.Use(next => connection => ServeAsync(next, connection));
            listen.UseHttps(https =>
            {
                https.ServerCertificate = Own;
                https.SslProtocols = Protocols;
                https.ClientCertificateMode = Mode;
                https.ClientCertificateValidation = (certificate, _, _) => IsOfTheExchange(certificate);
            });
        }));
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = ReceiveBytesMax);
        builder.Services.AddSingleton(adapter);
        _app = builder.Build();
        _app.Use((HttpContext context, RequestDelegate next) =>
        {
            if (LetsIn(context.Connection.ClientCertificate))
                return next(context);
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        });
        _app.MapGrpcService<SeededAdapter>();
        await _app.StartAsync();
    }

    /// <summary>As an end of the process shows from outside.</summary>
    public void Break()
    {
        foreach (var connection in _connections.Keys)
            connection.Abort();
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
    }

    private async Task ServeAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        _connections[connection] = true;
        await next(connection);
        _connections.TryRemove(connection, out _);
    }

    private bool IsOfTheExchange(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.Add(_root);
        chain.Build(certificate);
        return chain.ChainStatus.All(status =>
            (!ChecksTime && status.Status == X509ChainStatusFlags.NotTimeValid)
            || (!ChecksRoot && status.Status != X509ChainStatusFlags.NotTimeValid));
    }
}

using System.Net;
using System.Security.Cryptography.X509Certificates;
using DataExchange.Broker.Catalogue;
using DataExchange.Contracts;
using DataExchange.Hosting;
using DataExchange.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DataExchange.UnitTests.Broker.Ingest;

/// <summary>A gRPC service behind the real listener, on a free port of loopback.</summary>
internal sealed class LoopbackServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private LoopbackServer(WebApplication app) => _app = app;

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <param name="tls">Whose server it is.</param>
    /// <param name="keys">Whom it lets in.</param>
    /// <param name="logs">Gets every log entry.</param>
    /// <param name="services">What the service needs.</param>
    public static async Task<LoopbackServer> StartAsync<TService>(TlsOptions tls, IKeyDirectory keys, LogCapture logs, Action<IServiceCollection> services)
        where TService : class
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(logs);
        builder.UseMutualTls(new IPEndPoint(IPAddress.Loopback, 0), tls.CopyTo);
        builder.Services.AddExchangeGrpc(builder.Configuration);
        builder.Services.AddSingleton(keys);
        services(builder.Services);
        var app = builder.Build();
        app.UseExchangeGrpc();
        app.MapGrpcService<TService>();
        await app.StartAsync();
        return new LoopbackServer(app);
    }

    /// <summary>The department's key of these certificates, as the catalogue registers it for calling.</summary>
    public static KeyConfig KeyOf(TestCertificates certificates, DepartmentId department, KeyUses uses = KeyUses.Tls)
    {
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(certificates.Department(department.Value).CertificatePath);
        return new KeyConfig(KeyId.Of(certificate), department, Convert.ToBase64String(certificate.PublicKey.ExportSubjectPublicKeyInfo()), uses);
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}

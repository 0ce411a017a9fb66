using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace DataExchange.Adapter;

/// <summary>The two calls by which a host becomes a department's adapter.</summary>
public static class DepartmentAdapterRegistration
{
    /// <summary>
    /// Reads sections <c>Adapter</c> and <c>Tls</c>, then <paramref name="configure"/>; listens for the hub with mutual TLS. One adapter
    /// a host. The returned builder MUST be given a change source; where an attribute is located, a live source too.
    /// </summary>
    /// <param name="listen">Default: every address, port of the section's <c>Port</c> or its default.</param>
    public static DepartmentAdapterBuilder AddDepartmentAdapter(
        this WebApplicationBuilder builder, Action<DepartmentAdapterOptions>? configure = null, Action<TlsOptions>? tls = null, IPEndPoint? listen = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var port = builder.Configuration.GetValue($"{DepartmentAdapterOptions.Section}:{nameof(DepartmentAdapterOptions.Port)}", DepartmentAdapterOptions.DefaultPort);
        builder.UseMutualTls(listen ?? new IPEndPoint(IPAddress.Any, port), tls);

        var services = builder.Services;
        services.AddOptions<DepartmentAdapterOptions>()
            .BindConfiguration(DepartmentAdapterOptions.Section)
            .Configure(options => configure?.Invoke(options))
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<DepartmentAdapterOptions>, DepartmentAdapterOptionsValidator>();
        services.AddSingleton<IValidateOptions<DepartmentAdapterOptions>, DepartmentAdapterOptionsRules>();
        AddStream(services);
        AddService(services, builder.Configuration);
        return new DepartmentAdapterBuilder(services).UseIngress();
    }

    /// <summary>Maps the adapter's gRPC service.</summary>
    public static WebApplication MapDepartmentAdapter(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseExchangeGrpc();
        app.MapGrpcService<AdapterGrpcService>();
        // Nobody else asks for it.
        app.Services.GetRequiredService<AdapterMetrics>();
        return app;
    }

    /// <summary>From the source to the hub.</summary>
    private static void AddStream(IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<AdapterProgress>();
        services.AddSingleton<AdapterStatus>();
        services.AddSingleton(provider =>
        {
            var options = OptionsOf(provider);
            return Outbox.Open(StatePath(options, "outbox.db"), DepartmentId.Parse(options.Department));
        });
        services.AddSingleton(provider =>
        {
            var key = LocatorKeyFile.Open(StatePath(OptionsOf(provider), "locator.key"));
            provider.GetRequiredService<Outbox>().Bind(key.Check.Span);
            return key;
        });
        services.AddSingleton(provider =>
        {
            var options = OptionsOf(provider);
            return new ChangeRules(options.HeldAttributes, options.LocatedAttributes, provider.GetRequiredService<LocatorKey>());
        });
        services.AddSingleton(provider => new BatchSigner(SigningKey(OptionsOf(provider), provider.GetRequiredService<TlsCredentials>())));
        services.AddSingleton<HubConnection>();
        services.AddSingleton(provider => provider.GetRequiredService<HubConnection>().Ingress);
        services.AddMetrics();
        services.AddSingleton<AdapterMetrics>();
        services.AddHostedService<ChangePump>();
        services.AddHostedService<ChangeRelay>();
        services.AddHealthChecks().AddCheck<AdapterHealthCheck>(AdapterHealthCheck.Name);
    }

    /// <summary>From the hub to the department.</summary>
    private static void AddService(IServiceCollection services, IConfiguration configuration)
    {
        services.AddExchangeGrpc(configuration);
        services.AddSingleton<IKeyDirectory, HubKeyPin>();
        services.AddSingleton<LiveAnswers>();
        services.TryAddSingleton<ILiveSource, NoLiveSource>();
    }

    private static DepartmentAdapterOptions OptionsOf(IServiceProvider provider) => provider.GetRequiredService<IOptions<DepartmentAdapterOptions>>().Value;

    private static string StatePath(DepartmentAdapterOptions options, string file) =>
        Path.Combine(Directory.CreateDirectory(options.StateFolder).FullName, file);

    private static ECDsa SigningKey(DepartmentAdapterOptions options, TlsCredentials credentials)
    {
        if (options.SigningKeyPath is not { } path)
            return credentials.Certificate.GetECDsaPrivateKey() ?? throw new InvalidOperationException("Batches are signed with a P-256 key; the TLS key is none.");
        var key = ECDsa.Create();
        key.ImportFromPem(PrivateFile.ReadAllText(path, "file of Adapter:SigningKeyPath"));
        return key;
    }
}

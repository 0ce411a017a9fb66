using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using DataExchange.Contracts;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace DataExchange.Hosting;

/// <summary>How a RabbitMQ server is reached.</summary>
internal static class RabbitMqSetup
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    public static void Configure(IBusRegistrationContext context, IRabbitMqBusFactoryConfigurator bus)
    {
        var options = context.GetRequiredService<IOptions<BusOptions>>().Value;
        bus.Host(options.RabbitMq!, host => ConfigureHost(host, options));
        bus.NameExchange();
        // Declared when the connection is made, so that no publish meets a missing exchange.
        bus.DeployPublishTopology = true;
        bus.Publish<ChangeBatchMessage>();
        bus.SendTopology.ConfigureErrorSettings = DurableEndpoint.KeepForInspection;
        bus.SendTopology.ConfigureDeadLetterSettings = DurableEndpoint.KeepForInspection;
        bus.ConfigureEndpoints(context);
    }

    private static void ConfigureHost(IRabbitMqHostConfigurator host, BusOptions options)
    {
        if (string.IsNullOrEmpty(options.RabbitMq!.UserInfo))
        {
            host.Username(options.User);
            host.Password(ReadPassword(options));
        }
        host.Heartbeat(options.Heartbeat);
        host.RequestedConnectionTimeout(ConnectTimeout);
        host.ContinuationTimeout(options.PublishTimeout);
        host.PublisherConfirmation = true;
        // A batch of the largest size fits, as base64 in its envelope; what is larger is not ours.
        host.MaxMessageSize(4 * WireLimits.BatchBytesMax);
        if (options.RabbitMq.Scheme == "amqps")
            host.UseSsl(tls => ConfigureTls(tls, options));
        if (options.Nodes.Count > 0)
        {
            host.UseCluster(cluster =>
            {
                cluster.Node($"{options.RabbitMq.Host}:{Port(options.RabbitMq)}");
                foreach (var node in options.Nodes)
                    cluster.Node(node);
            });
        }
    }

    /// <exception cref="InvalidOperationException">The file is missing, or open to others.</exception>
    public static string ReadPassword(BusOptions options) =>
        options.PasswordPath is { } path ? PrivateFile.ReadAllText(path, "file of Bus:PasswordPath").TrimEnd('\r', '\n') : "guest";

    /// <summary>What decides on an <c>amqps</c> server's certificate beside its name; null leaves it to the system's roots.</summary>
    public static RemoteCertificateValidationCallback? Validation(BusOptions options)
    {
        if (options.RootPath is null)
            return null;
        var roots = new X509Certificate2Collection();
        roots.ImportFromPemFile(options.RootPath);
        return (_, certificate, chain, errors) => IsFromRoots(roots, certificate, chain, errors);
    }

    /// <summary>The vendor's default accepts every chain, and every name unless one is set.</summary>
    private static void ConfigureTls(IRabbitMqSslConfigurator tls, BusOptions options)
    {
        tls.Protocol = SslProtocols.None; // the system's choice: the newest that both know
        tls.ServerName = options.ServerName ?? options.RabbitMq!.Host;
        tls.EnforcePolicyErrors(
            SslPolicyErrors.RemoteCertificateChainErrors | SslPolicyErrors.RemoteCertificateNameMismatch | SslPolicyErrors.RemoteCertificateNotAvailable);
        if (Validation(options) is { } validation)
            tls.CertificateValidationCallback = validation;
    }

    private static bool IsFromRoots(X509Certificate2Collection roots, X509Certificate? certificate, X509Chain? presented, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 leaf || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
            return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.CustomTrustStore.AddRange(roots);
        chain.ChainPolicy.ApplicationPolicy.Add(PeerVerifier.ServerUse);
        foreach (var element in presented?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        return chain.Build(leaf);
    }

    private static int Port(Uri address) => address.Port > 0 ? address.Port : address.Scheme == "amqps" ? 5671 : 5672;
}

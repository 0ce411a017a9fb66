using RabbitMQ.Client;

namespace DataExchange.Hosting;

/// <summary>Connections beside the bus, for tools that look into its queues.</summary>
public static class RabbitMqClient
{
    /// <summary>To the server of section <c>Bus</c>, proven and signed in to as the bus does it; where there are several nodes, to the first that answers.</summary>
    /// <exception cref="RabbitMQ.Client.Exceptions.BrokerUnreachableException">None answers, or none lets this user in.</exception>
    /// <exception cref="InvalidOperationException">The file with the password is missing, or open to others.</exception>
    public static Task<IConnection> ConnectAsync(BusOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var factory = new ConnectionFactory { Uri = options.RabbitMq! };
        if (string.IsNullOrEmpty(options.RabbitMq!.UserInfo))
            (factory.UserName, factory.Password) = (options.User, RabbitMqSetup.ReadPassword(options));
        if (factory.Ssl.Enabled)
        {
            factory.Ssl.ServerName = options.ServerName ?? options.RabbitMq.Host;
            factory.Ssl.CertificateValidationCallback = RabbitMqSetup.Validation(options);
        }

        var first = new AmqpTcpEndpoint(options.RabbitMq, factory.Ssl);
        return factory.CreateConnectionAsync([first, .. options.Nodes.Select(node => Endpoint(node, factory.Ssl))], cancellationToken);
    }

    private static AmqpTcpEndpoint Endpoint(string node, SslOption tls)
    {
        var at = AmqpTcpEndpoint.Parse(node);
        return new AmqpTcpEndpoint(at.HostName, at.Port, tls);
    }
}

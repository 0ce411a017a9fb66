namespace DataExchange.Cli.Exchange;

/// <param name="Workspace">Full path of the state folder.</param>
/// <param name="Port">The hub's gRPC port; management takes the next one, the departments those after it.</param>
/// <param name="RabbitMq">Null for the in-memory bus.</param>
/// <param name="Exit">Leave when done.</param>
/// <param name="Json">Standard output is one JSON object.</param>
internal sealed record ExchangeSettings(string Workspace, int Port, Uri? RabbitMq, bool Exit = false, bool Json = false)
{
    /// <summary>Leaves room for the departments' ports and their management ports above it.</summary>
    public const int PortMax = 64_000;

    public const string PasswordVariable = "DX_RABBITMQ_PASSWORD";

    /// <summary>The server's address with the password from the environment. A password in an argument can be read by every user of the machine.</summary>
    /// <exception cref="UsageException">No address, another scheme, or a password that is not RabbitMQ's public default.</exception>
    public static Uri CheckServer(Uri? server)
    {
        if (server is null || server.Scheme is not ("amqp" or "amqps"))
            throw new UsageException("--bus rabbitmq needs --rabbitmq amqp://user@host:5672/vhost");
        var user = server.UserInfo.Split(':', 2);
        if (user.Length == 2)
        {
            return user is ["guest", "guest"]
                ? server
                : throw new UsageException($"--rabbitmq must not hold a password: set {PasswordVariable} instead.");
        }

        var password = Environment.GetEnvironmentVariable(PasswordVariable);
        return password is null ? server : new UriBuilder(server) { UserName = user[0], Password = Uri.EscapeDataString(password) }.Uri;
    }
}

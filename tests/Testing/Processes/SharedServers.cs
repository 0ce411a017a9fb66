namespace DataExchange.Testing;

/// <summary>
/// One RabbitMQ, one PostgreSQL and one MariaDB for all fixtures of a test assembly, started by the first that asks. Each fixture takes a virtual host
/// or a database of its own. A fixture that stops or kills a server starts its own instead.
/// </summary>
public static class SharedServers
{
    private static readonly Lazy<Task<RabbitMqProcess>> RabbitMqServer = new(() => RabbitMqProcess.StartNewAsync());
    private static readonly Lazy<Task<PostgresProcess>> PostgresServer = new(() => PostgresProcess.StartNewAsync());
    private static readonly Lazy<Task<MariaDbProcess>> MariaDbServer = new(MariaDbProcess.StartNewAsync);

    public static Task<RabbitMqProcess> RabbitMqAsync() => RabbitMqServer.Value;

    public static Task<PostgresProcess> PostgresAsync() => PostgresServer.Value;

    public static Task<MariaDbProcess> MariaDbAsync() => MariaDbServer.Value;

    /// <summary>To be called by the assembly's one-time tear-down.</summary>
    public static async Task StopAsync()
    {
        if (RabbitMqServer is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true } rabbitMq })
            await (await rabbitMq).DisposeAsync();
        if (PostgresServer is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true } postgres })
            await (await postgres).DisposeAsync();
        if (MariaDbServer is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true } mariaDb })
            await (await mariaDb).DisposeAsync();
    }
}

using MassTransit;
using MassTransit.RabbitMqTransport;
using MassTransit.RabbitMqTransport.Configuration;
using MassTransit.Transports;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace DataExchange.Hosting;

/// <summary>Messages waiting in a queue, or -1 where there is no such queue.</summary>
internal readonly record struct QueueDepth(string Queue, long Messages);

/// <summary>The one RabbitMQ connection that MassTransit keeps for this process, for what MassTransit does not do: prove it, and drop it.</summary>
internal sealed class BusConnection(IServiceProvider services)
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(1);

    // Not in the constructor: the publisher may be asked for before the bus is built.
    private IRabbitMqHostConfiguration? Host => services.GetRequiredService<IBusInstance>().HostConfiguration as IRabbitMqHostConfiguration;

    /// <summary>Opens a channel and counts the messages of each queue. Connects if there is no connection.</summary>
    public async Task<IReadOnlyList<QueueDepth>> ProbeAsync(IEnumerable<string> queues, CancellationToken cancellationToken)
    {
        var depths = new List<QueueDepth>();
        await UseAsync(async connection =>
        {
            foreach (var queue in queues)
                depths.Add(new QueueDepth(queue, await CountAsync(connection, queue, cancellationToken)));
            if (depths.Count == 0)
                await using (await connection.CreateChannelAsync(cancellationToken: cancellationToken)) { }
        }, cancellationToken);
        return depths;
    }

    /// <summary>Closes the connection without asking the server, so that the next use makes a new one, to the next node where there are several.</summary>
    public Task DropAsync(CancellationToken cancellationToken) =>
        UseAsync(connection => connection.AbortAsync(Constants.InternalError, "publish not confirmed in time", CloseTimeout), cancellationToken);

    private Task UseAsync(Func<IConnection, Task> use, CancellationToken cancellationToken) =>
        Host is { } host
            ? host.ConnectionContextSupervisor.Send(Pipe.ExecuteAsync<ConnectionContext>(context => use(context.Connection)), cancellationToken)
                .WaitAsync(cancellationToken)
            : Task.CompletedTask;

    /// <summary>A channel each: asking for a queue that is not there closes it.</summary>
    private static async Task<long> CountAsync(IConnection connection, string queue, CancellationToken cancellationToken)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        try
        {
            return (await channel.QueueDeclarePassiveAsync(queue, cancellationToken)).MessageCount;
        }
        catch (OperationInterruptedException exception) when (exception.ShutdownReason?.ReplyCode == Constants.NotFound)
        {
            return -1;
        }
    }
}

using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace DataExchange.Cli.Bench;

/// <summary>Control (a) of ingest: RabbitMQ.Client alone, opaque bytes through a quorum queue, published with confirms.</summary>
internal sealed class RawRabbit : IAsyncDisposable
{
    private const string Queue = "bench-raw";
    private const ushort Prefetch = 512;
    private const int AcknowledgedTogether = 64;
    private const int Unconfirmed = 256;

    private readonly IConnection _connection;
    private readonly IChannel _channel;

    private RawRabbit(IConnection connection, IChannel channel) => (_connection, _channel) = (connection, channel);

    public static async Task<RawRabbit> ConnectAsync(Uri address, CancellationToken cancellationToken)
    {
        var connection = await new ConnectionFactory { Uri = address }.CreateConnectionAsync(cancellationToken);
        var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(true, true, new ThrottlingRateLimiter(Unconfirmed)), cancellationToken);
        await channel.QueueDeclareAsync(
            Queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" },
            cancellationToken: cancellationToken);
        return new RawRabbit(connection, channel);
    }

    public async Task PublishAsync(byte[] body) =>
        await _channel.BasicPublishAsync("", Queue, mandatory: true, new BasicProperties { Persistent = true }, body);

    /// <summary>The consuming child.</summary>
    public static async Task ConsumeAsync(Uri address, CancellationToken cancellationToken)
    {
        await using var rabbit = await ConnectAsync(address, cancellationToken);
        var channel = rabbit._channel;
        var count = 0L;
        await channel.BasicQosAsync(0, Prefetch, global: false, cancellationToken);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            if (Interlocked.Increment(ref count) % AcknowledgedTogether == 0)
                await channel.BasicAckAsync(delivery.DeliveryTag, multiple: true);
        };
        await channel.BasicConsumeAsync(Queue, autoAck: false, consumer, cancellationToken);
        await ChildConsole.AnswerAsync(_ => $"{Interlocked.Read(ref count)}", cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
    }
}

using System.Runtime.CompilerServices;
using DataExchange.Hosting;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace DataExchange.Cli.DeadLetters;

/// <summary>
/// The queues beside a hub's own: <c>NAME_error</c> and <c>NAME_skipped</c>. What is looked at goes back where it was; what is put back to
/// the hub's queue leaves only once the server has confirmed it there, so that a crash doubles a message, which the hub knows by its sequences,
/// and never loses one.
/// </summary>
internal sealed class DeadLetterQueues : IAsyncDisposable
{
    private const string Error = "_error";
    private const string Skipped = "_skipped";

    private static readonly string[] AddedOnTheWay = ["MT-Fault-", "MT-Reason", "MT-Redelivery", "MT-Host-", "x-death", "x-first-death-", "x-last-death-", "x-delivery-count"];

    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private readonly string _queue;

    private DeadLetterQueues(IConnection connection, IChannel channel, string queue) => (_connection, _channel, _queue) = (connection, channel, queue);

    /// <param name="options">Of the hub.</param>
    /// <param name="queue">The hub's own.</param>
    /// <exception cref="UsageException">The hub is not on RabbitMQ, or the server does not let us in.</exception>
    public static async Task<DeadLetterQueues> ConnectAsync(BusOptions options, string queue, CancellationToken cancellationToken)
    {
        if (options.Transport != BusTransport.RabbitMq || options.RabbitMq is null)
            throw new UsageException("Bus:Transport is not RabbitMq: the in-memory bus keeps no dead letters, departments send again.");
        var connection = await RabbitMqClient.ConnectAsync(options, cancellationToken);
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellationToken);
        return new DeadLetterQueues(connection, channel, queue);
    }

    /// <summary>Does what asks the server, and turns what the server or its settings refuse into a sentence.</summary>
    /// <exception cref="IOException">The server does not answer, or not as asked. What was put back before stays so.</exception>
    /// <exception cref="UsageException">The settings of section Bus cannot be used.</exception>
    public static async Task<int> SayingWhyNotAsync(Func<Task<int>> asking)
    {
        try
        {
            return await asking();
        }
        catch (RabbitMQClientException refused)
        {
            throw new IOException($"The RabbitMQ server does not do that: {(refused.InnerException ?? refused).Message}");
        }
        catch (Exception unusable) when (unusable is InvalidOperationException or System.Security.Cryptography.CryptographicException)
        {
            throw new UsageException(unusable.Message);
        }
    }

    /// <summary>Up to <paramref name="max"/> of each queue as it is now, oldest first; all of them go back when this is disposed of.</summary>
    public async IAsyncEnumerable<DeadLetter> ReadAsync(int max, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var (letter, _) in TakeAsync(max, cancellationToken))
            yield return letter;
    }

    /// <summary>Puts those that are chosen back into the hub's queue, each as it first came.</summary>
    /// <param name="done">Told each that is there.</param>
    /// <returns>How many.</returns>
    public async Task<int> RetryAsync(Func<DeadLetter, bool> chosen, int max, Action<DeadLetter> done, CancellationToken cancellationToken)
    {
        var retried = 0;
        await foreach (var (letter, message) in TakeAsync(max, cancellationToken))
        {
            if (!chosen(letter))
                continue;
            await _channel.BasicPublishAsync("", _queue, mandatory: true, AsItCame(message.BasicProperties), message.Body, cancellationToken);
            await _channel.BasicAckAsync(message.DeliveryTag, multiple: false, cancellationToken);
            retried++;
            done(letter);
        }

        return retried;
    }

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
    }

    /// <summary>No more than there are when a queue is begun: what fails again comes back behind them.</summary>
    private async IAsyncEnumerable<(DeadLetter Letter, BasicGetResult Message)> TakeAsync(int max, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var beside in new[] { Error, Skipped })
        {
            for (var left = await CountAsync(beside, max, cancellationToken); left > 0; left--)
            {
                if (await _channel.BasicGetAsync(_queue + beside, autoAck: false, cancellationToken) is not { } message)
                    break;
                yield return (DeadLetter.Read(message, beside == Skipped), message);
            }
        }
    }

    private async Task<uint> CountAsync(string beside, int max, CancellationToken cancellationToken)
    {
        try
        {
            return Math.Min((uint)max, (await _channel.QueueDeclarePassiveAsync(_queue + beside, cancellationToken)).MessageCount);
        }
        catch (OperationInterruptedException missing) when (missing.ShutdownReason?.ReplyCode == Constants.NotFound)
        {
            throw new UsageException($"There is no queue {_queue}{beside} on the server: has this hub ever run on it?");
        }
    }

    private static BasicProperties AsItCame(IReadOnlyBasicProperties properties) => new(properties)
    {
        Persistent = true,
        Headers = properties.Headers?.Where(header => !AddedOnTheWay.Any(added => header.Key.StartsWith(added, StringComparison.OrdinalIgnoreCase))).ToDictionary(),
    };
}

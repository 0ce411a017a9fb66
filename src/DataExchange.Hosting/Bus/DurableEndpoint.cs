using System.Collections.Concurrent;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace DataExchange.Hosting;

/// <summary>The queues that this process consumes, for its health.</summary>
internal sealed class DurableQueues
{
    private readonly ConcurrentDictionary<string, bool> _names = new();

    public ICollection<string> Names => _names.Keys;

    public void Add(string name) => _names.TryAdd(name, true);
}

/// <summary>Shape of a consumer's queue. A consumer's definition calls it; nothing that is delivered may vanish.</summary>
public static class DurableEndpoint
{
    private const string DeadLetterExchange = "x-dead-letter-exchange";
    private const string DeadLetterStrategy = "x-dead-letter-strategy";
    private const string DeliveryLimit = "x-delivery-limit";

    /// <summary>Whoever looks at a dead letter and puts it back has had it delivered: from RabbitMQ 4 on a queue that names no limit drops it after 20.</summary>
    private const int LooksMax = int.MaxValue;

    /// <summary>
    /// On RabbitMQ: a quorum queue with limits, and beside it <c>NAME_error</c> (failed, or delivered too often) and <c>NAME_skipped</c> (not
    /// understood), declared before the first message is taken. In memory: failed messages are dropped, since nothing would ever empty the
    /// queue they went to; their providers send them again.
    /// </summary>
    public static void UseDurableQueue(this IReceiveEndpointConfigurator endpoint, IRegistrationContext context)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        var options = context.GetRequiredService<IOptions<BusOptions>>().Value;
        endpoint.PrefetchCount = options.Prefetch;
        // A fault event would carry the message and the exception to whoever listens.
        endpoint.PublishFaults = false;
        if (endpoint is not IRabbitMqReceiveEndpointConfigurator rabbit)
        {
            endpoint.DiscardFaultedMessages();
            endpoint.DiscardSkippedMessages();
            return;
        }

        var name = endpoint.InputAddress.AbsolutePath.Split('/')[^1];
        rabbit.SetQuorumQueue();
        Limit(rabbit, options);
        rabbit.SetQueueArgument(DeliveryLimit, options.DeliveriesMax);
        rabbit.SetQueueArgument(DeadLetterStrategy, "at-least-once");
        // The second call decides where dead letters go; the first only declares.
        rabbit.BindDeadLetterQueue($"{name}_skipped", $"{name}_skipped", queue => Keep(queue, options));
        rabbit.BindDeadLetterQueue($"{name}_error", $"{name}_error", queue => Keep(queue, options));
        context.GetRequiredService<DurableQueues>().Add(name);
    }

    /// <summary>Error queues start from the arguments of the queue they stand beside; what they hold stays until somebody looks at it.</summary>
    internal static void KeepForInspection(IRabbitMqQueueBindingConfigurator queue)
    {
        queue.SetQueueArgument(DeadLetterExchange, (object?)null!);
        queue.SetQueueArgument(DeadLetterStrategy, (object?)null!);
        queue.SetQueueArgument(DeliveryLimit, LooksMax);
    }

    private static void Keep(IRabbitMqQueueBindingConfigurator queue, BusOptions options)
    {
        queue.SetQuorumQueue();
        queue.SetQueueArgument(DeliveryLimit, LooksMax);
        Limit(queue, options);
    }

    /// <summary>Reject-publish is also what at-least-once dead-lettering asks for.</summary>
    private static void Limit(IRabbitMqQueueConfigurator queue, BusOptions options)
    {
        queue.SetQueueArgument("x-max-length-bytes", options.QueueBytesMax);
        queue.SetQueueArgument("x-overflow", "reject-publish");
    }
}

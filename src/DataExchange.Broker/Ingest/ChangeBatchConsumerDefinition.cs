using DataExchange.Hosting;
using MassTransit;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Ingest;

/// <summary>
/// The queue of this broker's index: each broker replica has its own, since each holds the whole index.
/// </summary>
internal sealed class ChangeBatchConsumerDefinition : ConsumerDefinition<ChangeBatchConsumer>
{
    private readonly IngestOptions _options;

    public ChangeBatchConsumerDefinition(IOptions<HubOptions> hub, IOptions<IngestOptions> options)
    {
        _options = options.Value;
        EndpointName = hub.Value.IndexQueue;
        ConcurrentMessageLimit = _options.BusBatchesMax;
    }

    /// <summary>Here, so that a host that adds it meets no type of the bus.</summary>
    public static void AddTo(IBusRegistrationConfigurator bus) => bus.AddConsumer<ChangeBatchConsumer, ChangeBatchConsumerDefinition>();

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<ChangeBatchConsumer> consumerConfigurator, IRegistrationContext context)
    {
        endpointConfigurator.UseDurableQueue(context);
        // Nobody is answered, least of all at an address that a message names.
        endpointConfigurator.UseFilter(new NoReplyFilter());
        // An undecided batch waits unacknowledged and, with the prefetch full, holds the queue back; all others that fail are wrong for good.
        endpointConfigurator.UseMessageRetry(retry =>
        {
            retry.Handle<BatchUndecidedException>();
            retry.Exponential(int.MaxValue, _options.RetryDelayMin, _options.RetryDelayMax, _options.RetryDelayMin);
        });
    }
}

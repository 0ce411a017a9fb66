using DataExchange.Contracts;
using MassTransit;

namespace DataExchange.Cli.Bench;

/// <summary>Control (b) of ingest: MassTransit moving the same messages over a quorum queue to a consumer that does nothing.</summary>
internal sealed class BareMassTransit : IAsyncDisposable
{
    private const string Queue = "bench-masstransit";
    private const ushort Prefetch = 512;

    private readonly ServiceProvider _services;

    private BareMassTransit(ServiceProvider services) => _services = services;

    public static Task<BareMassTransit> ConnectAsync(Uri address, CancellationToken cancellationToken) =>
        StartAsync(address, consumes: false, new Counter(), cancellationToken);

    public Task PublishAsync(byte[] signedBatch) =>
        _services.GetRequiredService<IBus>().Publish(new ChangeBatchMessage { SignedBatch = signedBatch });

    /// <summary>The consuming child.</summary>
    public static async Task ConsumeAsync(Uri address, CancellationToken cancellationToken)
    {
        var counter = new Counter();
        await using var bus = await StartAsync(address, consumes: true, counter, cancellationToken);
        await ChildConsole.AnswerAsync(_ => $"{Interlocked.Read(ref counter.Value)}", cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _services.GetRequiredService<IBusControl>().StopAsync();
        await _services.DisposeAsync();
    }

    private static async Task<BareMassTransit> StartAsync(Uri address, bool consumes, Counter counter, CancellationToken cancellationToken)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(counter);
        services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.AddConsumer<EmptyConsumer>();
            bus.UsingRabbitMq((context, rabbit) =>
            {
                rabbit.Host(address);
                if (!consumes)
                    return;
                rabbit.ReceiveEndpoint(Queue, endpoint =>
                {
                    endpoint.SetQuorumQueue();
                    endpoint.PrefetchCount = Prefetch;
                    endpoint.ConfigureConsumer<EmptyConsumer>(context);
                });
            });
        });
        var provider = services.BuildServiceProvider();
        await provider.GetRequiredService<IBusControl>().StartAsync(cancellationToken);
        return new BareMassTransit(provider);
    }

    private sealed class Counter
    {
        public long Value;
    }

    private sealed class EmptyConsumer(Counter counter) : IConsumer<ChangeBatchMessage>
    {
        public Task Consume(ConsumeContext<ChangeBatchMessage> context)
        {
            Interlocked.Increment(ref counter.Value);
            return Task.CompletedTask;
        }
    }
}

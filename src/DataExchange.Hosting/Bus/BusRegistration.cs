using DataExchange.Contracts;
using MassTransit;
using MassTransit.UsageTracking;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DataExchange.Hosting;

public static class BusRegistration
{
    internal const string VendorHealthCheck = "masstransit-bus";
    internal const string HealthCheck = "bus";
    internal const string Exchange = "dataexchange.change-batch.v1";

    /// <summary>
    /// The bus of section <c>Bus</c>: <see cref="ReliablePublisher"/>, the given consumers, and the health check <c>bus</c>.
    /// The process starts and runs without a RabbitMQ server, not ready.
    /// </summary>
    /// <param name="services">Of a host that has no bus yet.</param>
    /// <param name="configuration">Its section <c>Bus</c> is read now for the transport, and at start for the rest.</param>
    /// <param name="consumers">Adds consumers with their definitions. None for a process that only publishes.</param>
    public static IServiceCollection AddExchangeBus(
        this IServiceCollection services, IConfiguration configuration, Action<IBusRegistrationConfigurator>? consumers = null)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var section = configuration.GetSection(BusOptions.Section);
        var transport = section.GetValue(nameof(BusOptions.Transport), BusTransport.Memory);

        services.AddOptions<BusOptions>().Bind(section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<BusOptions>, BusOptionsValidator>();
        services.AddSingleton<IValidateOptions<BusOptions>, BusOptionsConsistency>();
        services.AddSingleton<DurableQueues>();
        services.AddSingleton<BusConnection>();
        services.AddSingleton(provider => new ReliablePublisher(
            provider.GetRequiredService<IBus>(), provider.GetRequiredService<BusConnection>(), provider.GetRequiredService<IOptions<BusOptions>>(),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ReliablePublisher>>()));
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<MassTransitHostOptions>().Configure(host =>
        {
            // In memory it is a matter of milliseconds, and a batch published before would find no queue. A server is not waited for.
            host.WaitUntilStarted = transport == BusTransport.Memory;
            host.StopTimeout = TimeSpan.FromSeconds(10);
        });
        services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            consumers?.Invoke(bus);
            if (transport == BusTransport.RabbitMq)
                bus.UsingRabbitMq(RabbitMqSetup.Configure);
            else
                bus.UsingInMemory((context, memory) =>
                {
                    memory.NameExchange();
                    memory.ConfigureEndpoints(context);
                });
        });
        // Switched off above; taken out too, since an environment variable switches it on again.
        services.RemoveAll<IUsageTracker>();
        ReplaceHealthCheck(services);
        return services;
    }

    /// <summary>The vendor's check is healthy for a bus that only publishes while its server is gone.</summary>
    private static void ReplaceHealthCheck(IServiceCollection services)
    {
        services.AddHealthChecks().AddCheck<BusHealthCheck>(HealthCheck);
        services.PostConfigure<HealthCheckServiceOptions>(options =>
        {
            foreach (var registration in options.Registrations.Where(r => r.Name == VendorHealthCheck).ToList())
                options.Registrations.Remove(registration);
        });
    }

    internal static void NameExchange(this IBusFactoryConfigurator bus) => bus.Message<ChangeBatchMessage>(message => message.SetEntityName(Exchange));
}

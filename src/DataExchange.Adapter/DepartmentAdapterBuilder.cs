using DataExchange.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace DataExchange.Adapter;

/// <summary>What an adapter reads from and publishes through.</summary>
public sealed class DepartmentAdapterBuilder
{
    internal DepartmentAdapterBuilder(IServiceCollection services) => Services = services;

    public IServiceCollection Services { get; }

    /// <summary>Required, once. A singleton.</summary>
    public DepartmentAdapterBuilder AddChangeSource<TSource>()
        where TSource : class, IChangeSource
    {
        Services.AddSingleton<IChangeSource, TSource>();
        return this;
    }

    /// <inheritdoc cref="AddChangeSource{TSource}()"/>
    public DepartmentAdapterBuilder AddChangeSource(Func<IServiceProvider, IChangeSource> create)
    {
        Services.AddSingleton(create);
        return this;
    }

    /// <summary>Required where an attribute is located. A singleton.</summary>
    public DepartmentAdapterBuilder AddLiveSource<TSource>()
        where TSource : class, ILiveSource
    {
        Services.AddSingleton<ILiveSource, TSource>();
        return this;
    }

    /// <inheritdoc cref="AddLiveSource{TSource}()"/>
    public DepartmentAdapterBuilder AddLiveSource(Func<IServiceProvider, ILiveSource> create)
    {
        Services.AddSingleton(create);
        return this;
    }

    /// <summary>Publishes through the hub's gRPC ingress. The default.</summary>
    public DepartmentAdapterBuilder UseIngress()
    {
        Services.RemoveAll<IBatchPublisher>();
        Services.AddSingleton<IBatchPublisher, IngressBatchPublisher>();
        return this;
    }

    /// <summary>Publishes through the bus: the host MUST have added it with <see cref="BusRegistration.AddExchangeBus"/>, or a hub's own publisher in one process.</summary>
    public DepartmentAdapterBuilder UseBus()
    {
        Services.RemoveAll<IBatchPublisher>();
        Services.AddSingleton<IBatchPublisher, BusBatchPublisher>();
        return this;
    }
}

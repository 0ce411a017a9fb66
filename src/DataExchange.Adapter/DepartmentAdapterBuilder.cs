using Microsoft.Extensions.DependencyInjection;

namespace DataExchange.Adapter;

/// <summary>What an adapter reads from and publishes through.</summary>
public sealed class DepartmentAdapterBuilder
{
    internal DepartmentAdapterBuilder(IServiceCollection services) => Services = services;

    public IServiceCollection Services { get; }

    /// <summary>Required, once. A singleton; an instance may be given instead of a type.</summary>
    public DepartmentAdapterBuilder AddChangeSource<TSource>()
        where TSource : class, IChangeSource
    {
        Services.AddSingleton<IChangeSource, TSource>();
        return this;
    }

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

    public DepartmentAdapterBuilder AddLiveSource(Func<IServiceProvider, ILiveSource> create)
    {
        Services.AddSingleton(create);
        return this;
    }

    /// <summary>Publishes through the bus that the host has added: an <c>IBus</c> of MassTransit must be registered.</summary>
    public DepartmentAdapterBuilder UseBus()
    {
        return this;
    }

    /// <summary>Publishes through the hub's gRPC ingress. The default.</summary>
    public DepartmentAdapterBuilder UseIngress()
    {
        return this;
    }
}

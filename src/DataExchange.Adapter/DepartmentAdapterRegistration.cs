using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace DataExchange.Adapter;

/// <summary>The two calls by which a host becomes a department's adapter.</summary>
public static class DepartmentAdapterRegistration
{
    /// <summary>
    /// Reads section <c>Adapter</c>, then <paramref name="configure"/>. One adapter a host. Needs a change source and a publisher
    /// from the returned builder, and <c>TlsOptions</c> of the department.
    /// </summary>
    public static DepartmentAdapterBuilder AddDepartmentAdapter(
        this WebApplicationBuilder builder, Action<DepartmentAdapterOptions>? configure = null)
    {
        var services = builder.Services;
        services.AddOptions<DepartmentAdapterOptions>()
            .BindConfiguration(DepartmentAdapterOptions.Section)
            .Configure(options => configure?.Invoke(options))
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<DepartmentAdapterOptions>, DepartmentAdapterOptionsValidator>();
        services.AddSingleton<IValidateOptions<DepartmentAdapterOptions>, DepartmentAdapterOptionsRules>();
        services.AddSingleton<AdapterProgress>();
        return new DepartmentAdapterBuilder(services);
    }

    /// <summary>Maps the adapter's gRPC service.</summary>
    public static WebApplication MapDepartmentAdapter(this WebApplication app)
    {
        return app;
    }
}

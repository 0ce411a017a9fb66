using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Context.Propagation;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace DataExchange.Hosting;

public static class TelemetryRegistration
{
    private const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string TracesSwitch = "Telemetry:Traces";

    /// <summary>Sources of spans: our own, the two ends of a call, and the bus, whose messages carry the trace id from publish to apply.</summary>
    private static readonly string[] Sources = [ExchangeDiagnostics.Name, "System.Net.Http", "MassTransit"];

    private static readonly string[] Meters =
        [ExchangeDiagnostics.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "MassTransit", "Polly"];

    private static readonly Dictionary<string, string?> LevelDefaults = new()
    {
        ["Logging:LogLevel:Default"] = "Information",
        ["Logging:LogLevel:Microsoft"] = "Warning",
        ["Logging:LogLevel:Microsoft.Hosting.Lifetime"] = "Information",
        // Its log lines cost a span for every call, wanted or not.
        ["Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics"] = "None",
        // Logs an error at every look at an unhealthy check; HealthTransitions logs the change.
        ["Logging:LogLevel:Microsoft.Extensions.Diagnostics.HealthChecks"] = "None",
        ["Logging:LogLevel:Grpc"] = "Warning",
        ["Logging:LogLevel:MassTransit"] = "Warning",
    };

    /// <summary>
    /// Metrics and health on the management port (see <see cref="ManagementPort.UseManagementPort"/>), logging, and, where
    /// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set, traces and metrics to that collector and nowhere else. <c>Telemetry:Traces=true</c> records
    /// traces without that, for exporters the host adds.
    /// </summary>
    /// <param name="builder">The host.</param>
    /// <param name="serviceName">The <c>service.name</c> of all that is exported, as <c>dataexchange-hub</c>.</param>
    public static WebApplicationBuilder AddExchangeTelemetry(this WebApplicationBuilder builder, string serviceName)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.AddManagementPort();
        builder.AddExchangeLogging();
        builder.Services.AddSingleton<IHealthCheckPublisher, HealthTransitions>();
        PassTraceIdsOnly(builder.Services);

        var exports = !string.IsNullOrWhiteSpace(builder.Configuration[OtlpEndpoint]);
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(serviceName))
            .WithMetrics(metrics => metrics.AddMeter(Meters).AddRuntimeInstrumentation().AddPrometheusExporter());
        if (exports || builder.Configuration.GetValue(TracesSwitch, false))
            telemetry.WithTracing(traces => traces.AddSource(Sources).AddAspNetCoreInstrumentation(requests => requests.Filter = IsCall));
        if (exports)
            telemetry.UseOtlpExporter();
        return builder;
    }

    /// <summary>
    /// One line an entry on standard output, JSON unless <c>Logging:Console:FormatterName</c> says otherwise, times in UTC, no scopes. The
    /// levels are defaults: configuration overrides them.
    /// </summary>
    public static WebApplicationBuilder AddExchangeLogging(this WebApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var logging = builder.Logging.ClearProviders();
        logging.AddJsonConsole(console => { console.IncludeScopes = false; console.UseUtcTimestamp = true; console.TimestampFormat = "O"; });
        logging.AddSimpleConsole(console =>
        {
            console.IncludeScopes = false;
            console.UseUtcTimestamp = true;
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
        });
        logging.AddConsole(console => console.FormatterName = builder.Configuration["Logging:Console:FormatterName"] ?? "json");
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = LevelDefaults });
        return builder;
    }

    private static bool IsCall(HttpContext context) => !ManagementPort.IsManagement(context);

    private static void PassTraceIdsOnly(IServiceCollection services)
    {
        DistributedContextPropagator.Current = new TraceparentOnly();
        services.AddSingleton(DistributedContextPropagator.Current);
        Sdk.SetDefaultTextMapPropagator(new TraceContextPropagator());
    }
}

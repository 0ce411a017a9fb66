using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace DataExchange.Hosting;

/// <summary>
/// Metrics and health on a listener of their own, HTTP/1.1. What came in by which listener is marked on the connection: a Host header or
/// a path cannot reach one from the other.
/// </summary>
public static class ManagementPort
{
    public const string MetricsPath = "/metrics";
    public const string LivePath = "/health/live";
    public const string ReadyPath = "/health/ready";

    internal static void AddManagementPort(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<ManagementOptions>().Bind(builder.Configuration.GetSection(ManagementOptions.Section)).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<ManagementOptions>, ManagementOptionsValidator>();
        builder.Services.AddSingleton<IValidateOptions<ManagementOptions>, ManagementAddressValidator>();
        builder.Services.AddHealthChecks();
        builder.UseListenerLimits();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            var options = kestrel.ApplicationServices.GetRequiredService<IOptions<ManagementOptions>>().Value;
            kestrel.Listen(IPAddress.Parse(options.Address), options.Port, listener =>
            {
                listener.Protocols = HttpProtocols.Http1;
                listener.Use(Mark);
            });
        });
    }

    /// <summary>Put this first in the pipeline. <c>/metrics</c> in Prometheus format, <c>/health/live</c>, <c>/health/ready</c>; 404 for all else.</summary>
    public static WebApplication UseManagementPort(this WebApplication app)
    {
        app.MapWhen(IsManagement, management =>
        {
            management.UseOpenTelemetryPrometheusScrapingEndpoint(MetricsPath);
            management.UseHealthChecks(LivePath, new HealthCheckOptions { Predicate = _ => false, ResponseWriter = HealthReportJson.WriteAsync });
            management.UseHealthChecks(ReadyPath, new HealthCheckOptions { ResponseWriter = HealthReportJson.WriteAsync });
            management.Run(context =>
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            });
        });
        return app;
    }

    internal static bool IsManagement(HttpContext context) => context.Features.Get<ManagementConnection>() is not null;

    private static ConnectionDelegate Mark(ConnectionDelegate next) => connection =>
    {
        connection.Features.Set(ManagementConnection.Instance);
        return next(connection);
    };

    private sealed class ManagementConnection
    {
        public static ManagementConnection Instance { get; } = new();
    }
}

using System.Diagnostics;
using System.Net;
using System.Text.Json;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using NUnit.Framework;
using OpenTelemetry.Trace;

namespace DataExchange.UnitTests.Hosting.Telemetry;

[TestFixture]
[NonParallelizable]
internal sealed class TelemetryTests
{
    [Test]
    public async Task ManagementPort_Asked_AnswersMetricsAndHealthAndNothingElse()
    {
        await using var app = Build(services => services.AddHealthChecks().AddCheck("disk", () =>
            HealthCheckResult.Unhealthy("is full", new IOException("a secret"), new Dictionary<string, object> { ["free_bytes"] = 7L })));
        app.MapGet("/other", () => "served");
        await app.StartAsync();
        using var client = Client(app);
        ExchangeDiagnostics.Meter.CreateCounter<long>("test.things", "{thing}").Add(3);
        ExchangeDiagnostics.Meter.CreateHistogram<double>("test.duration", "s").Record(1);
        ExchangeDiagnostics.Meter.CreateObservableGauge("test.size", () => 1L, "By");
        var report = await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        await app.Services.GetRequiredService<IHealthCheckPublisher>().PublishAsync(report, CancellationToken.None);

        var metrics = await client.GetStringAsync(ManagementPort.MetricsPath);
        // The spelling that MetricNameTests expects of alert rules and dashboards.
        foreach (var name in new[] { "test_things_total", "test_duration_seconds_bucket", "test_size_bytes", "dataexchange_health" })
            Assert.That(metrics, Does.Match($@"(?m)^{name}\{{"));
        Assert.That(metrics, Does.Match("""dataexchange_health\{[^}]*check="disk"[^}]*\} 0"""));
        Assert.That((await client.GetAsync(ManagementPort.LivePath)).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That((await client.GetAsync("/other")).StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        var ready = await client.GetAsync(ManagementPort.ReadyPath);
        Assert.That(ready.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        var text = await ready.Content.ReadAsStringAsync();
        var disk = JsonDocument.Parse(text).RootElement.GetProperty("checks").GetProperty("disk");
        Assert.That(disk.GetProperty("status").GetString(), Is.EqualTo("Unhealthy"));
        Assert.That(disk.GetProperty("description").GetString(), Is.EqualTo("is full"));
        Assert.That(disk.GetProperty("data").GetProperty("free_bytes").GetInt64(), Is.EqualTo(7));
        Assert.That(text, Does.Not.Contain("secret"));
    }

    [TestCase(null, false)]
    [TestCase("http://127.0.0.1:1", true)]
    public async Task AddExchangeTelemetry_OtlpEndpoint_DecidesWhetherAnythingIsTraced(string? endpoint, bool traced)
    {
        await using var app = Build(_ => { }, endpoint is null ? [] : [$"--OTEL_EXPORTER_OTLP_ENDPOINT={endpoint}"]);

        Assert.That(app.Services.GetService<TracerProvider>(), traced ? Is.Not.Null : Is.Null);
    }

    [Test]
    public async Task Call_WithBaggage_PassesTheTraceIdOnAndDropsTheRest()
    {
        await using var app = Build(_ => { }, ["--Telemetry:Traces=true"]);
        (string TraceId, int Baggage, string? State) seen = default;
        app.Use((HttpContext context, RequestDelegate next) =>
        {
            seen = (Activity.Current!.TraceId.ToHexString(), Activity.Current.Baggage.Count() + OpenTelemetry.Baggage.Current.Count, Activity.Current.TraceStateString);
            return next(context);
        });
        app.UseManagementPort();
        await app.StartAsync();
        using var client = Client(app);
        using var request = new HttpRequestMessage(HttpMethod.Get, ManagementPort.LivePath);
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        request.Headers.Add("tracestate", "vendor=person");
        request.Headers.Add("baggage", "name=person");
        request.Headers.Add("Correlation-Context", "name=person");

        await client.SendAsync(request);

        Assert.That(seen, Is.EqualTo(("0af7651916cd43dd8448eb211c80319c", 0, (string?)null)));
    }

    [Test]
    public async Task Bus_PublishUnderASpan_IsConsumedUnderTheSameTraceId()
    {
        var spans = new List<Activity>();
        await using var app = Build(
            services => services.AddOpenTelemetry().WithTracing(traces => traces.AddInMemoryExporter(spans)),
            ["--Telemetry:Traces=true"],
            bus: true);
        await app.StartAsync();
        ActivityTraceId published;
        using (var span = ExchangeDiagnostics.ActivitySource.StartActivity("publish"))
        {
            published = span!.TraceId;
            await app.Services.GetRequiredService<ReliablePublisher>().PublishAsync(new ChangeBatchMessage { SignedBatch = [9] }, default);
        }
        await Bus.BatchConsumer.Received.Reader.ReadAsync();
        await app.StopAsync();

        var consumed = spans.Where(span => span.Kind == ActivityKind.Consumer).ToList();
        Assert.That(consumed, Is.Not.Empty);
        Assert.That(consumed.Select(span => span.TraceId), Has.All.EqualTo(published));
    }

    private static WebApplication Build(Action<IServiceCollection> configure, string[]? arguments = null, bool bus = false)
    {
        var builder = WebApplication.CreateSlimBuilder([.. arguments ?? [], "--Management:Port=0"]);
        builder.AddExchangeTelemetry("test");
        builder.Logging.ClearProviders();
        if (bus)
        {
            builder.Services.AddExchangeBus(builder.Configuration,
                registration => MassTransit.RegistrationExtensions.AddConsumer<Bus.BatchConsumer, Bus.BatchConsumerDefinition>(registration));
        }
        configure(builder.Services);
        var app = builder.Build();
        if (arguments is null)
            app.UseManagementPort();
        return app;
    }

    private static HttpClient Client(WebApplication app) =>
        new() { BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()) };
}

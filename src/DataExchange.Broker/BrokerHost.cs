using System.Net;
using DataExchange.Broker.Accesses;
using DataExchange.Broker.Audit;
using DataExchange.Broker.Budget;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Erasure;
using DataExchange.Broker.Governance;
using DataExchange.Broker.Index;
using DataExchange.Broker.Ingest;
using DataExchange.Broker.Lookup;
using DataExchange.Broker.Providers;
using DataExchange.Broker.Publication;
using DataExchange.Broker.Rest;
using DataExchange.Hosting;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker;

/// <summary>The hub, from configuration to a host that is ready to run: its own program, the demo and the tests start it through here.</summary>
public static class BrokerHost
{
    public static WebApplication Build(WebApplicationBuilder builder)
    {
        var hub = builder.Configuration.GetSection(HubOptions.Section).Get<HubOptions>() ?? new HubOptions();
        builder.Services.AddOptions<HubOptions>().BindConfiguration(HubOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<HubOptions>, HubOptionsValidator>();
        builder.Services.AddSingleton(TimeProvider.System);

        var rest = builder.Configuration.ReadRest();
        builder.UseMutualTls(IPEndPoint.Parse($"{hub.Address}:{hub.Port}"), http1: rest.Enabled);
        builder.Services.AddExchangeGrpc(builder.Configuration);
        builder.Services.AddExchangeRest(builder.Configuration);
        builder.Services.AddExchangeBus(builder.Configuration, ChangeBatchConsumerDefinition.AddTo);
        builder.AddExchangeTelemetry("dataexchange-hub");

        builder.Services.AddCatalogue();
        builder.Services.AddIndex();
        builder.Services.AddIngest();
        builder.Services.AddAudit();
        builder.Services.AddPublication();
        builder.Services.AddAccesses();
        builder.Services.AddErasure();
        builder.Services.AddProviders();
        builder.Services.AddBudgets();
        builder.Services.AddLookup();
        builder.Services.AddGovernance();

        var app = builder.Build();
        app.UseManagementPort();
        app.UseExchangeGrpc();
        app.MapGrpcService<LookupGrpcService>();
        app.MapGrpcService<ChangeIngressGrpcService>();
        app.MapGrpcService<CatalogueGrpcService>();
        app.MapGrpcService<AuditGrpcService>();
        app.MapGrpcService<AccessLogGrpcService>();
        app.MapLogFiles();
        app.MapGrpcService<ErasureGrpcService>();
        if (rest.Enabled)
            app.UseExchangeRest().MapRestService<LookupRestService>().MapRestDocuments(rest);
        return app;
    }
}

using System.Net;
using DataExchange.Adapter;
using DataExchange.AdapterHost.Configuration;
using DataExchange.AdapterHost.Sources;
using DataExchange.Hosting;
using Microsoft.Extensions.Options;

namespace DataExchange.AdapterHost;

/// <summary>The department's process, made from its file.</summary>
internal static class AdapterProgram
{
    public static WebApplication Build(HostFile file)
    {
        // No files are watched: the watcher of the content root would hear of every write to the stores below it.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = ["--hostBuilder:reloadConfigOnChange=false"] });
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection(file.Settings);
        builder.Configuration.AddEnvironmentVariables("DX_");

        var address = file.Config.Listen is { } listen ? IPAddress.Parse(listen) : IPAddress.Any;
        var port = builder.Configuration.GetValue("Adapter:Port", DepartmentAdapterOptions.DefaultPort);
        var adapter = builder.AddDepartmentAdapter(options => Declare(file, options), listen: new IPEndPoint(address, port));
        builder.Services.AddSingleton(services => new SourceSet(
            file, services.GetRequiredService<IOptions<DepartmentAdapterOptions>>().Value, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILoggerFactory>()));
        builder.Services.AddSingleton(services => services.GetRequiredService<SourceSet>().Readers);
        builder.Services.AddSingleton<SourceMetrics>();
        builder.Services.AddHealthChecks().AddCheck<SourcesHealthCheck>(SourcesHealthCheck.Name);
        adapter.AddChangeSource(services => services.GetRequiredService<SourceSet>().Changes);
        adapter.AddLiveSource(services => services.GetRequiredService<SourceSet>().Live);
        if (file.Config.Bus is not null)
        {
            builder.Services.AddExchangeBus(builder.Configuration);
            adapter.UseBus();
        }

        builder.AddExchangeTelemetry("dataexchange-department");
        var app = builder.Build();
        app.UseManagementPort();
        app.MapDepartmentAdapter();
        // Nobody else asks for it.
        app.Services.GetRequiredService<SourceMetrics>();
        return app;
    }

    /// <summary>Where the running adapter keeps its files: the environment overrides the file.</summary>
    public static string StateFolderOf(HostFile file) =>
        new ConfigurationBuilder().AddInMemoryCollection(file.Settings).AddEnvironmentVariables("DX_").Build()["Adapter:StateFolder"]!;

    /// <summary>What only several options together can get wrong, before anything is started; empty where all is well.</summary>
    public static async Task<IReadOnlyList<string>> CheckAsync(HostFile file)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection(file.Settings);
        builder.AddDepartmentAdapter(options => Declare(file, options));
        if (file.Config.Bus is not null)
            builder.Services.AddExchangeBus(builder.Configuration);
        // Not the host: that would want the certificates.
        await using var services = builder.Services.BuildServiceProvider();
        return [.. Failures<DepartmentAdapterOptions>(services), .. Failures<TlsOptions>(services), .. Failures<BusOptions>(services)];
    }

    private static void Declare(HostFile file, DepartmentAdapterOptions options)
    {
        var attributes = file.Sources.SelectMany(source => source.Attributes).ToLookup(attribute => attribute.Located, attribute => attribute.Name);
        options.HeldAttributes = [.. attributes[false]];
        options.LocatedAttributes = [.. attributes[true]];
    }

    private static IEnumerable<string> Failures<TOptions>(IServiceProvider services)
        where TOptions : class
    {
        try
        {
            _ = services.GetRequiredService<IOptions<TOptions>>().Value;
            return [];
        }
        catch (OptionsValidationException broken)
        {
            return broken.Failures;
        }
    }
}

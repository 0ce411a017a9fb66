using DataExchange.Broker.Ingest;
using DataExchange.Cli.Conformance.Checks;
using DataExchange.Hosting;

namespace DataExchange.Cli.Conformance;

/// <summary>
/// Plays the hub towards one adapter, from the first handshake to load, and says of every rule whether it held, was broken, or could not be
/// tried. What needs the department to do something is done by the file's commands.
/// </summary>
internal sealed class ConformanceRun(VerifyConfig config)
{
    /// <exception cref="UsageException">The kit's own certificate cannot be used.</exception>
    public async Task<Verdicts> RunAsync(Action<string> progress, CancellationToken stop)
    {
        var verdicts = new Verdicts();
        using var hub = Credentials();
        using var batches = new BatchCheck(config.Catalogue);
        await using var ingress = config.Listen is { } listen ? await KitHub.StartAsync(listen, config.Hub, batches.Keys, verdicts) : null;
        using var calls = new AdapterCalls(AdapterCalls.Connect(config, hub, batches.Keys), verdicts, config.Limits.Answer);

        await StepAsync("configuration", () => new ConfigurationCheck(config, verdicts).RunAsync(stop));
        await StepAsync("certificates", () => new CertificateCheck(config, hub, calls, verdicts).RunAsync(stop));
        if (!verdicts.IsHeld(ConformanceRules.HubLetIn))
            return verdicts;

        progress("first load");
        if (ingress is not null)
            await ingress.LoadedAsync(config.Limits.Change, stop);
        var adapter = new AdapterView(config, calls, batches, verdicts);
        await StepAsync("discovery", () => new DiscoveryCheck(adapter).RunAsync(stop));
        if (!verdicts.IsHeld(ConformanceRules.Description))
            return verdicts;
        await StepAsync("stream", () => new StreamCheck(adapter).RunAsync(stop));
        await StepAsync("fetch", () => new FetchCheck(adapter).RunAsync(stop));
        await StepAsync("size", () => new OversizeCheck(adapter).RunAsync(stop));
        await StepAsync("load", () => new LoadCheck(adapter).RunAsync(stop));
        if (!verdicts.IsBroken(ConformanceRules.NotHanging))
        {
            await StepAsync("changes", () => new ChangeCheck(adapter).RunAsync(stop));
            await StepAsync("restart", () => new RestartCheck(adapter, hub).RunAsync(stop));
        }

        ingress?.Judge(adapter.Stream.Marks);
        adapter.SpeakOfTypes();
        return verdicts;

        async Task StepAsync(string name, Func<Task> step)
        {
            progress(name);
            try
            {
                await step();
            }
            catch (CheckEndedException)
            {
                // The finding is there already; what was not reached shows as not run.
            }
        }
    }

    private TlsCredentials Credentials()
    {
        try
        {
            return TlsCredentials.Load(config.Hub);
        }
        catch (InvalidOperationException broken)
        {
            throw new UsageException(broken.Message);
        }
    }
}

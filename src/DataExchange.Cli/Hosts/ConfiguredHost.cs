namespace DataExchange.Cli.Hosts;

/// <summary>A web host that takes its settings from one named JSON file, and from environment variables above it.</summary>
internal static class ConfiguredHost
{
    /// <exception cref="UsageException">The file is missing or is not JSON.</exception>
    public static WebApplicationBuilder Create(string config)
    {
        // No files are watched: the watcher of the content root would hear of every write to the stores below it.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = ["--hostBuilder:reloadConfigOnChange=false"] });
        builder.Configuration.Sources.Clear();
        try
        {
            builder.Configuration.AddJsonFile(Path.GetFullPath(config), optional: false, reloadOnChange: false);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw new UsageException($"{config} cannot be read as JSON configuration: {e.InnerException?.Message ?? e.Message}");
        }

        builder.Configuration.AddEnvironmentVariables("DX_");
        return builder;
    }
}

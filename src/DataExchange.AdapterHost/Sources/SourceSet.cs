using DataExchange.Adapter;
using DataExchange.AdapterHost.Configuration;
using DataExchange.AdapterHost.Files;
using DataExchange.AdapterHost.Memory;

namespace DataExchange.AdapterHost.Sources;

/// <summary>The sources of the file and the memory they share.</summary>
internal sealed class SourceSet : IAsyncDisposable
{
    private readonly PublishedMemory _memory;

    public SourceSet(HostFile file, DepartmentAdapterOptions options, TimeProvider time, ILoggerFactory logging)
    {
        _memory = PublishedMemory.Open(Path.Combine(options.StateFolder, "published.db"));
        var logger = logging.CreateLogger<SourceReader>();
        var remembered = file.Sources
            .Select(mapping => (Mapping: mapping, Memory: _memory.OpenSource(mapping.Name, [.. mapping.Attributes.Select(attribute => attribute.Name)])))
            .ToList();
        Readers = [.. remembered.Select(source => new SourceReader(source.Mapping, new FileRows(source.Mapping.Config.Files!, time), source.Memory, options.StateFolder, logger))];
        Changes = new ConfiguredSource(_memory, Readers);
        Live = new RememberedValues(_memory, [.. remembered.Select(source => (source.Mapping, source.Memory.Number))]);
    }

    public IReadOnlyList<SourceReader> Readers { get; }

    public IChangeSource Changes { get; }

    public ILiveSource Live { get; }

    public async ValueTask DisposeAsync()
    {
        foreach (var reader in Readers)
            await reader.DisposeAsync();
        _memory.Dispose();
    }
}

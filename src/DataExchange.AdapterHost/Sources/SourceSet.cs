using DataExchange.Adapter;
using DataExchange.AdapterHost.Configuration;
using DataExchange.AdapterHost.Files;
using DataExchange.AdapterHost.Mapping;
using DataExchange.AdapterHost.Memory;
using DataExchange.AdapterHost.Rest;
using DataExchange.AdapterHost.Sql;

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
        Readers = [.. remembered.Select(source => new SourceReader(source.Mapping, RowsOf(source.Mapping, time), source.Memory, options.StateFolder, logger))];
        Changes = new ConfiguredSource(_memory, Readers);
        Live = new LiveSources([.. remembered.Select(source => (source.Mapping, LiveOf(source.Mapping, source.Memory, time)))]);
    }

    public IReadOnlyList<SourceReader> Readers { get; }

    public IChangeSource Changes { get; }

    public ILiveSource Live { get; }

    private static IRowSource RowsOf(SourceMapping mapping, TimeProvider time) => (mapping.Config.Sql, mapping.Config.Rest) switch
    {
        ({ Capture: not null } sql, _) => new CapturedRows(sql, mapping.Config.Subject.Column, mapping.Columns, time),
        ({ } sql, _) => new SqlRows(sql, time),
        (_, { } rest) => new RestRows(rest, time),
        _ => new FileRows(mapping.Config.Files!, time),
    };

    private ILiveSource LiveOf(SourceMapping mapping, SourceMemory memory, TimeProvider time) =>
        mapping.Config.Sql is { Live: not null } sql ? new SqlLiveSource(mapping, sql, time) : new RememberedValues(_memory, mapping, memory.Number);

    public async ValueTask DisposeAsync()
    {
        foreach (var reader in Readers)
            await reader.DisposeAsync();
        _memory.Dispose();
    }
}

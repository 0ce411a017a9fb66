using DataExchange.Adapter;
using DataExchange.AdapterHost.Sources;
using DataExchange.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace DataExchange.UnitTests.AdapterHost;

/// <summary>A department's sources over files in a folder, read into a <see cref="HubModel"/> as the pump would. May crash and be started again.</summary>
internal sealed class Department : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _yaml;
    private int _writes;

    public Department(string yaml = SampleFile.Yaml)
    {
        _yaml = yaml;
        Directory.CreateDirectory(_folder["data"]);
        Sources = Open(yaml);
    }

    public HubModel Hub { get; } = new();

    public SourceSet Sources { get; private set; }

    public SourceStatus Status => Sources.Readers[0].Status;

    public string this[string file] => Path.Combine(_folder["data"], file);

    public string StateFolder => _folder["state"];

    /// <summary>Each time at another moment, so that it is seen.</summary>
    public void Write(string file, string text)
    {
        File.WriteAllText(this[file], text);
        File.SetLastWriteTimeUtc(this[file], DateTime.UnixEpoch.AddYears(50).AddMinutes(++_writes));
    }

    /// <summary>One reading to its end.</summary>
    /// <param name="changesMax">The process ends after having stored so many.</param>
    /// <returns>How many changes were stored.</returns>
    public async Task<int> ReadAsync(int changesMax = int.MaxValue)
    {
        var before = Hub.Stored;
        if (changesMax == 0)
            return 0;
        await foreach (var change in Sources.Changes.ReadAsync(Hub.Checkpoint, CancellationToken.None))
        {
            Hub.Store(change.Change, change.Checkpoint);
            if (Hub.Stored - before == changesMax)
                break;
        }

        return Hub.Stored - before;
    }

    /// <summary>The same state, in a new process.</summary>
    public async Task RestartAsync(string? yaml = null)
    {
        await Sources.DisposeAsync();
        Sources = Open(yaml ?? _yaml);
    }

    public async ValueTask DisposeAsync()
    {
        await Sources.DisposeAsync();
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    private SourceSet Open(string yaml)
    {
        var file = SampleFile.Load(_folder.Path, yaml);
        return new SourceSet(file, new DepartmentAdapterOptions { StateFolder = StateFolder }, TimeProvider.System, NullLoggerFactory.Instance);
    }
}

using DataExchange.Broker.Audit;
using DataExchange.Broker.Publication;
using DataExchange.Testing;
using DataExchange.Transparency;
using DataExchange.Transparency.Notes;
using DataExchange.UnitTests.Broker.Audit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Publication;

/// <summary>A log that is published from a folder of its own, to be stopped, spoiled and started again.</summary>
internal sealed class PublishedTestLog : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ServiceProvider _clients = new ServiceCollection().AddHttpClient().BuildServiceProvider();
    private PublishedLogs? _logs;

    public PublishedTestLog() => Options = new PublicationOptions
    {
        Folder = _folder["public"],
        OriginPrefix = "test.example/audit",
        SigningKeyPath = _folder["audit.key"],
        CheckpointInterval = TimeSpan.FromMilliseconds(50),
        WitnessRetry = TimeSpan.FromMilliseconds(100),
    };

    public AuditTestLog Entries { get; } = new();

    public PublicationOptions Options { get; }

    public AuditLog Log { get; private set; } = null!;

    public LogPublisher Publisher { get; private set; } = null!;

    public PublishedLogs Logs => _logs!;

    public PublishedLog Published => Logs.Newest;

    public LogRetention Retention { get; private set; } = null!;

    /// <summary>The log's verifier key, once it has been started.</summary>
    public string PublicKey { get; private set; } = "";

    public WitnessRound Witnesses { get; private set; } = null!;

    public FakeLogger<LogPublisher> Logger { get; } = new();

    public FakeLogger<WitnessRound> WitnessLogger { get; } = new();

    public async Task StartAsync()
    {
        Log = Entries.Open();
        _logs = new PublishedLogs(Options, [.. AuditReader.OfAll(Entries.Folder).Select(log => log.LogId)]);
        PublicKey = Logs.All[0].Signer.Key.ToString();
        var audit = Microsoft.Extensions.Options.Options.Create(Entries.Options);
        var options = Microsoft.Extensions.Options.Options.Create(Options);
        Witnesses = new WitnessRound(options, _clients.GetRequiredService<IHttpClientFactory>(), TimeProvider.System, WitnessLogger);
        var rotation = new LogRotation(Logs, audit, TimeProvider.System);
        Retention = new LogRetention(Logs, rotation, audit, options, TimeProvider.System, NullLogger<LogRetention>.Instance);
        Publisher = new LogPublisher(Log, Logs, rotation, Witnesses, audit, options, TimeProvider.System, Logger);
        await Publisher.StartAsync(CancellationToken.None);
    }

    public async Task StopAsync()
    {
        await Publisher.StopAsync(CancellationToken.None);
        Close();
    }

    /// <summary>The mark and the files go back to what a killed process or a loss of power may leave: whatever was not synced is empty.</summary>
    public async Task CrashAsync()
    {
        var folder = Published.Folder;
        await StopAsync();
        File.Delete(Path.Combine(folder, "synced"));
        foreach (var path in Directory.GetFiles(Path.Combine(folder, "tile"), "*", SearchOption.AllDirectories))
            await File.WriteAllBytesAsync(path, []);
    }

    /// <summary>After a start that was refused.</summary>
    public void Close()
    {
        Publisher.Dispose();
        _logs?.Dispose();
        _logs = null;
        Log.Dispose();
    }

    public async Task AppendAsync(int entries, int from = 0)
    {
        for (var number = from; number < from + entries; number += 100)
        {
            var group = Enumerable.Range(number, Math.Min(100, from + entries - number)).Select(AuditTestLog.Entry);
            Assert.That((await Log.AppendAsync(group, CancellationToken.None)).Error, Is.Null);
        }
    }

    /// <summary>A checkpoint of all entries there are now is out; more may arrive meanwhile.</summary>
    public async Task<PublishedTree> WholeAsync()
    {
        var (log, entries) = (Log.LogId, Log.Count);
        await Eventually.Async("a checkpoint of all entries", () => Published.LogId == log && Published.Current?.Checkpoint.Size >= entries);
        return Published.Current!;
    }

    /// <summary>The log that is open is closed, and the next one has a checkpoint.</summary>
    public async Task RotateAsync()
    {
        var before = Log.LogId;
        // The entries are of 1970, the first one of the next log is of now.
        Entries.Options.RotateEvery = TimeSpan.FromDays(365);
        await Eventually.Async("the next log", () => Log.LogId != before);
        await WholeAsync();
        Entries.Options.RotateEvery = TimeSpan.MaxValue;
    }

    public LogFinding? Verify(params NoteKey[] witnesses) =>
        Verify(Published, witnesses);

    public static LogFinding? Verify(PublishedLog log, params NoteKey[] witnesses) =>
        new LogVerification(log.Signer.Key, witnesses, path => File.Exists(Path.Combine(log.Folder, path)) ? File.ReadAllBytes(Path.Combine(log.Folder, path)) : null).Run();

    public async ValueTask DisposeAsync()
    {
        if (_logs is not null)
            await StopAsync();
        Entries.Dispose();
        await _clients.DisposeAsync();
        _folder.Dispose();
    }
}

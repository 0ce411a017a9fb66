using DataExchange.Broker.Audit;
using DataExchange.Broker.Publication;
using DataExchange.Testing;
using DataExchange.Transparency;
using DataExchange.Transparency.Notes;
using DataExchange.UnitTests.Broker.Audit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Publication;

/// <summary>A log that is published from a folder of its own, to be stopped, spoiled and started again.</summary>
internal sealed class PublishedTestLog : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ServiceProvider _clients = new ServiceCollection().AddHttpClient().BuildServiceProvider();
    private PublishedLog? _published;

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

    public PublishedLog Published => _published!;

    /// <summary>The log's verifier key, once it has been started.</summary>
    public string PublicKey { get; private set; } = "";

    public WitnessRound Witnesses { get; private set; } = null!;

    public FakeLogger<LogPublisher> Logger { get; } = new();

    public FakeLogger<WitnessRound> WitnessLogger { get; } = new();

    public async Task StartAsync()
    {
        Log = Entries.Open();
        _published = new PublishedLog(Options, Log.LogId);
        PublicKey = _published.Signer.Key.ToString();
        var options = Microsoft.Extensions.Options.Options.Create(Options);
        Witnesses = new WitnessRound(options, _clients.GetRequiredService<IHttpClientFactory>(), TimeProvider.System, WitnessLogger);
        Publisher = new LogPublisher(Log, _published, Witnesses, Microsoft.Extensions.Options.Options.Create(Entries.Options), options, TimeProvider.System, Logger);
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
        _published?.Dispose();
        _published = null;
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

    /// <summary>A checkpoint of all entries is out.</summary>
    public async Task<PublishedTree> WholeAsync()
    {
        await Eventually.Async("a checkpoint of all entries", () => Published.Current?.Checkpoint.Size == Log.Count);
        return Published.Current!;
    }

    public LogFinding? Verify(params NoteKey[] witnesses) =>
        new LogVerification(Published.Signer.Key, witnesses, path => File.Exists(Path.Combine(Published.Folder, path)) ? File.ReadAllBytes(Path.Combine(Published.Folder, path)) : null).Run();

    public async ValueTask DisposeAsync()
    {
        if (_published is not null)
            await StopAsync();
        Entries.Dispose();
        await _clients.DisposeAsync();
        _folder.Dispose();
    }
}

using System.Text.Json;
using DataExchange.Broker.Audit;
using DataExchange.Cli.Witnesses;
using DataExchange.Testing;
using DataExchange.Transparency.Notes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using NUnit.Framework;
using BrokerWitnessOptions = DataExchange.Broker.Publication.WitnessOptions;

namespace DataExchange.UnitTests.Broker.Publication;

/// <summary>The hub's side against the witness that <c>dx witness run</c> runs, over HTTP.</summary>
public sealed class WitnessRoundTests
{
    private TempFolder _folder = null!;
    private int _port;
    private PublishedTestLog _log = null!;
    private WebApplication? _witness;

    [SetUp]
    public async Task Start()
    {
        (_folder, _port) = (new TempFolder(), FreePort.Next());
        _log = new PublishedTestLog();
        await _log.StartAsync();
        await _log.AppendAsync(10);
        await _log.WholeAsync();
        await _log.StopAsync();
    }

    [TearDown]
    public async Task Stop()
    {
        await StopWitnessAsync();
        await _log.DisposeAsync();
        _folder.Dispose();
    }

    [Test]
    public async Task Publish_WitnessAnswers_EachCheckpointIsCosigned()
    {
        var key = await StartWitnessAsync();
        await RestartAsync(key);

        await _log.AppendAsync(500, 10);
        await CosignedAsync(key);
        await _log.AppendAsync(500, 510);
        await CosignedAsync(key);

        Assert.That(_log.Verify(key), Is.Null);
    }

    [Test]
    public async Task Publish_WitnessAway_GoesOnAndCatchesUp()
    {
        var key = await StartWitnessAsync();
        await StopWitnessAsync();
        await RestartAsync(key);

        await _log.AppendAsync(10, 10);
        await _log.WholeAsync();
        Assert.That(_log.Log.Failure, Is.Null);
        Assert.That(_log.Witnesses.Behind, Is.EqualTo(new[] { "witness.example/w1" }));
        await StartWitnessAsync();
        await CosignedAsync(key);

        Assert.That(_log.Verify(key), Is.Null);
        Assert.That(_log.Witnesses.Behind, Is.Empty);
    }

    [Test]
    public async Task Append_WitnessAwayForLongerThanTheGrace_IsRefusedUntilItIsBack()
    {
        var key = await StartWitnessAsync();
        await StopWitnessAsync();
        _log.Options.WitnessGrace = TimeSpan.FromSeconds(1);
        await RestartAsync(key);

        await _log.AppendAsync(1, 10);
        await Eventually.Async("a refusal", () => _log.Log.Failure is not null);
        var health = await new AuditHealthCheck(_log.Log).CheckHealthAsync(new HealthCheckContext());
        Assert.That((health.Status, health.Description), Is.EqualTo(
            (HealthStatus.Unhealthy, "Not cosigned for longer than Publication:WitnessGrace; the check audit-publication says by whom.")));
        await StartWitnessAsync();
        await Eventually.Async("no refusal", () => _log.Log.Failure is null);

        await _log.AppendAsync(1, 11);
        await CosignedAsync(key);
    }

    [Test]
    public async Task Start_GraceIsOverSinceBeforeTheRestart_IsRefusedFromTheFirstAppend()
    {
        var key = await StartWitnessAsync();
        await StopWitnessAsync();
        await RestartAsync(key);
        await _log.AppendAsync(1, 10);
        await Eventually.Async("the witness behind", () => _log.Witnesses.Behind.Count > 0);
        await _log.StopAsync();
        var since = TimeProvider.System.GetUtcNow();
        _log.Options.WitnessGrace = TimeSpan.FromSeconds(1);
        await Eventually.Async("the end of the grace", () => TimeProvider.System.GetUtcNow() - since > _log.Options.WitnessGrace);

        await _log.StartAsync();

        Assert.That(_log.Log.Failure, Is.Not.Null);
        await StartWitnessAsync();
        await Eventually.Async("no refusal", () => _log.Log.Failure is null);
        await _log.StopAsync();
        await StopWitnessAsync();
        await _log.StartAsync();
        Assert.That(_log.Log.Failure, Is.Null, "what is over is forgotten");
    }

    // The log's files and key restored from an old copy, and written on: a fork that the hub itself cannot see.
    [Test]
    public async Task Publish_LogForkedFromAnOldCopy_IsNotCosigned()
    {
        var key = await StartWitnessAsync();
        var copy = Copy();
        await RestartAsync(key);
        await _log.AppendAsync(500, 10);
        await CosignedAsync(key);
        await _log.StopAsync();
        Restore(copy);
        await _log.StartAsync();

        await _log.AppendAsync(600, 5_000);
        await Eventually.Async("the witness's refusal", () => _log.WitnessLogger.Collector.GetSnapshot().Any(line => line.Message.Contains("422", StringComparison.Ordinal)));

        Assert.That(_log.Verify(key)!.What, Does.Contain("has not cosigned"));
    }

    // It was told of the first log only.
    [Test]
    public async Task Rotate_WitnessOfTheLog_CosignsItsEndAndTheNextFromItsBeginning()
    {
        var key = await StartWitnessAsync();
        await RestartAsync(key);

        await _log.RotateAsync();
        await _log.AppendAsync(300, 10);
        await CosignedAsync(key);

        Assert.That(_log.Logs.All, Has.Count.EqualTo(2));
        foreach (var log in _log.Logs.All)
            Assert.That(PublishedTestLog.Verify(log, key), Is.Null, log.LogId);
    }

    [Test]
    public async Task Rotate_WitnessAway_IsPutOffUntilItHasCosignedTheEnd()
    {
        var key = await StartWitnessAsync();
        await StopWitnessAsync();
        await RestartAsync(key);
        _log.Entries.Options.RotateEvery = TimeSpan.FromDays(365);

        for (var at = 0; at < 5; at++)
        {
            await _log.AppendAsync(10, 10 + (10 * at));
            await _log.WholeAsync();
        }

        Assert.That(_log.Logs.All, Has.Count.EqualTo(1));
        await StartWitnessAsync();
        await Eventually.Async("the next log", () => _log.Logs.All.Count == 2);
        Assert.That(PublishedTestLog.Verify(_log.Logs.All[0], key), Is.Null);
    }

    private async Task<NoteKey> StartWitnessAsync()
    {
        var config = _folder["witness.json"];
        await File.WriteAllTextAsync(config, JsonSerializer.Serialize(new
        {
            Witness = new { Name = "witness.example/w1", KeyPath = _folder["witness.key"], Folder = _folder["witness"], Port = _port, Logs = new[] { _log.PublicKey } },
            Logging = new { Console = new { LogLevel = new { Default = "None" } } },
        }));
        _witness = WitnessHost.Build(config);
        await _witness.StartAsync();
        using var signer = new NoteSigner("witness.example/w1", NoteKeyType.Cosignature, await File.ReadAllBytesAsync(_folder["witness.key"]));
        return signer.Key;
    }

    private async Task StopWitnessAsync()
    {
        if (_witness is null)
            return;
        await _witness.StopAsync();
        await _witness.DisposeAsync();
        _witness = null;
    }

    private async Task RestartAsync(NoteKey key)
    {
        _log.Options.Witnesses.Clear();
        _log.Options.Witnesses.Add(new BrokerWitnessOptions { Url = $"http://127.0.0.1:{_port}", Key = key.ToString() });
        _log.Options.WitnessTimeout = TimeSpan.FromSeconds(5);
        await _log.StartAsync();
    }

    private Task CosignedAsync(NoteKey key) => Eventually.Async(
        "a cosigned checkpoint of all entries",
        () => _log.Published.Current is { } tree && tree.Checkpoint.Size == _log.Log.Count && tree.Note.CosignedAt(key) is not null);

    private Dictionary<string, byte[]> Copy() => new[] { _log.Entries.Folder, _log.Options.Folder }
        .SelectMany(folder => Directory.GetFiles(folder, "*", SearchOption.AllDirectories))
        .ToDictionary(path => path, File.ReadAllBytes);

    private void Restore(Dictionary<string, byte[]> copy)
    {
        Directory.Delete(_log.Options.Folder, recursive: true);
        foreach (var (path, bytes) in copy)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, bytes);
        }
    }
}

using System.Text.Json;
using DataExchange.Cli;
using DataExchange.Cli.Audit;
using DataExchange.Testing;
using DataExchange.Transparency;
using DataExchange.Transparency.Notes;
using DataExchange.UnitTests.Transparency;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using NUnit.Framework;

namespace DataExchange.UnitTests.Cli.Audit;

/// <summary><c>dx audit verify</c> over a folder, as somebody runs it who was handed one.</summary>
public sealed class AuditCommandTests
{
    private const string Hub = "hub.example/audit/0000000000000000000000000000000";

    private TempFolder _folder = null!;
    private SampleLog _log = null!;

    [SetUp]
    public void Start()
    {
        _folder = new TempFolder();
        _log = new SampleLog([.. Enumerable.Range(0, 600).Select(at => Entry(at))]);
    }

    [TearDown]
    public void Stop()
    {
        _log.Dispose();
        _folder.Dispose();
    }

    [Test]
    public void Verify_WholeLog_SaysSoAndWhen()
    {
        var (code, report) = Verify("--witness", _log.Witness.Key.ToString());

        Assert.That(code, Is.EqualTo(ExitCode.Ok));
        Assert.That(report.GetProperty("whole").GetBoolean(), Is.True);
        Assert.That(report.GetProperty("entries").GetInt32(), Is.EqualTo(600));
        Assert.That(report.GetProperty("first").GetDateTimeOffset(), Is.EqualTo(DateTimeOffset.UnixEpoch));
        Assert.That(report.GetProperty("cosigned_at").GetProperty("witness.example/w1").GetDateTimeOffset(), Is.EqualTo(DateTimeOffset.UnixEpoch.AddDays(20_000)));
    }

    [Test]
    public void Verify_EntryChanged_IsAFindingThatNamesIt()
    {
        _log.Files["tile/entries/001"][^1] ^= 1;

        var (code, report) = Verify();

        Assert.That(code, Is.EqualTo(ExitCode.Finding));
        Assert.That(report.GetProperty("bad_entry").GetInt32(), Is.EqualTo(511));
        Assert.That(report.GetProperty("file").GetString(), Is.EqualTo("tile/entries/001"));
    }

    // With the log's key everything fits together, but the entry cannot say when it was made.
    [Test]
    public void Verify_EntryPutInLaterWithTheKey_IsFoundByItsTime()
    {
        using var log = new SampleLog([.. _log.Entries.Take(300), Entry(100), .. _log.Entries.Skip(300)]);

        var (code, report) = Verify(log);

        Assert.That(code, Is.EqualTo(ExitCode.Finding));
        Assert.That(report.GetProperty("bad_entry").GetInt32(), Is.EqualTo(300));
        Assert.That(report.GetProperty("finding").GetString(), Does.StartWith("back-dated"));
    }

    [Test]
    public void Verify_EntriesAfterTheCosignature_AreFound()
    {
        using var log = new SampleLog([.. _log.Entries, Entry(20_001 * 86_400)]);

        Assert.That(Verify(log, "--witness", log.Witness.Key.ToString()).Report.GetProperty("finding").GetString(), Does.Contain("before its last entry"));
    }

    [Test]
    public void Verify_CutBackToAnOlderCheckpoint_IsFoundByTheOneKept()
    {
        File.WriteAllBytes(_folder["kept"], _log.Note);
        using var log = new SampleLog([.. _log.Entries.Take(500)]);

        var (code, report) = Verify(log, "--seen", _folder["kept"]);

        Assert.That(code, Is.EqualTo(ExitCode.Finding));
        Assert.That(report.GetProperty("finding").GetString(), Does.StartWith("truncated"));
        Assert.That(report.GetProperty("bad_entry").GetInt32(), Is.EqualTo(500));
    }

    [Test]
    public void Verify_LogThatGoesOnFromAnother_SaysFromWhichAndHoldsTheTwoTogether()
    {
        using var old = new SampleLog([.. _log.Entries], $"{Hub}1");
        using var next = new SampleLog([Continuing(old), Entry(700)], $"{Hub}2");
        Write(old, "old");

        // With the first log's key, which is all that an auditor was given.
        var (code, report) = Verify(next, "--previous", _folder["old"], "--key", old.Signer.Key.ToString());

        Assert.That((code, report.GetProperty("log").GetString()), Is.EqualTo((ExitCode.Ok, $"{Hub}2")));
        var continued = report.GetProperty("continues");
        Assert.That((continued.GetProperty("log").GetString(), continued.GetProperty("entries").GetInt32()), Is.EqualTo(($"{Hub}1", 600)));
        Assert.That(Verify(old).Report.GetProperty("continues").ValueKind, Is.EqualTo(JsonValueKind.Null));
    }

    [TestCase("grown")]
    [TestCase("forked")]
    [TestCase("missing")]
    [TestCase("another hub's")]
    public void Verify_LogBeforeIsNotWhatThisOneNames_IsAFinding(string spoiled)
    {
        using var old = new SampleLog([.. _log.Entries], $"{Hub}1");
        using var next = new SampleLog([Continuing(old), Entry(700)], $"{Hub}2");
        using var other = spoiled switch
        {
            "grown" => new SampleLog([.. old.Entries, Entry(600)], $"{Hub}1"),
            "forked" => new SampleLog([.. old.Entries.Skip(1), Entry(600)], $"{Hub}1"),
            _ => new SampleLog([.. old.Entries], "other.example/1"),
        };
        Directory.CreateDirectory(_folder["old"]);
        if (spoiled != "missing")
            Write(other, "old");

        var (code, report) = Verify(next, "--previous", _folder["old"]);

        Assert.That((code, report.GetProperty("bad_entry").GetInt32()), Is.EqualTo((ExitCode.Finding, 0)));
        Assert.That(report.GetProperty("finding").GetString(), Does.Contain(spoiled is "grown" or "forked" ? "which ended with" : "holds no checkpoint of"));
    }

    [Test]
    public void Verify_PredecessorInTheMiddleOrOfAnotherPlace_IsAFinding()
    {
        using var old = new SampleLog([.. _log.Entries], $"{Hub}1");
        using var middle = new SampleLog([Entry(650), Continuing(old)], $"{Hub}2");
        using var skipping = new SampleLog([Continuing(old)], $"{Hub}3");
        using var silent = new SampleLog([Entry(700)], $"{Hub}2");
        Write(old, "old");

        Assert.That(Verify(middle).Report.GetProperty("finding").GetString(), Does.Contain("as only a log's first entry does"));
        Assert.That(Verify(skipping).Report.GetProperty("finding").GetString(), Does.Contain("is not the log before this one"));
        Assert.That(Verify(silent, "--previous", _folder["old"]).Report.GetProperty("finding").GetString(), Does.Contain("names no log before"));
    }

    [Test]
    public void Verify_ActOfGovernanceAmongLookups_IsAnEntryLikeAnyOther()
    {
        var act = new Wire.AuditEntry
        {
            RecordedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddSeconds(600)),
            Governance = new Wire.GovernanceAct { Kind = Wire.GovernanceActKind.Approved, Id = "p-1", ContentHash = ByteString.CopyFrom(new byte[32]), CatalogueVersion = 2 },
        };
        using var log = new SampleLog([.. _log.Entries, act.ToByteArray()]);

        var (code, report) = Verify(log);

        Assert.That((code, report.GetProperty("entries").GetInt32()), Is.EqualTo((ExitCode.Ok, 601)));
        Assert.That(report.GetProperty("last").GetDateTimeOffset(), Is.EqualTo(DateTimeOffset.UnixEpoch.AddSeconds(600)));
    }

    [Test]
    public void Verify_KeyOfTheWrongKindOrNoFolder_IsUsage()
    {
        Assert.That(Run(_folder["log"], "--key", "no key").Code, Is.EqualTo(ExitCode.Usage));
        Assert.That(Run(_folder["log"], "--key", _log.Witness.Key.ToString()).Code, Is.EqualTo(ExitCode.Usage));
        Assert.That(Run(_folder["nowhere"], "--key", _log.Signer.Key.ToString()).Code, Is.EqualTo(ExitCode.Usage));
        Assert.That(Run(_folder["log"]).Code, Is.EqualTo(ExitCode.Usage));
    }

    private static byte[] Entry(int second) => new Wire.AuditEntry
    {
        RecordedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddSeconds(second)), Consumer = "tax", Decision = Wire.Decision.Allowed,
    }.ToByteArray();

    private (int Code, JsonElement Report) Verify(params string[] further) => Verify(_log, further);

    private static byte[] Continuing(SampleLog old)
    {
        var head = Checkpoint.Parse(SignedNote.Parse(old.Note)!.Text)!;
        return new Wire.AuditEntry
        {
            RecordedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddSeconds(650)),
            Predecessor = new Wire.Predecessor { Origin = head.Origin, Size = head.Size, Root = ByteString.CopyFrom(head.Root.ToArray()) },
        }.ToByteArray();
    }

    private void Write(SampleLog log, string folder)
    {
        if (Directory.Exists(_folder[folder]))
            Directory.Delete(_folder[folder], recursive: true);
        foreach (var (name, bytes) in log.Files)
        {
            var path = _folder[Path.Combine(folder, name)];
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, bytes);
        }
    }

    private (int Code, JsonElement Report) Verify(SampleLog log, params string[] further)
    {
        Write(log, "log");
        string[] key = further.Contains("--key") ? [] : ["--key", log.Signer.Key.ToString()];
        var (code, output) = Run([_folder["log"], .. key, "--json", .. further]);
        return (code, JsonDocument.Parse(output).RootElement);
    }

    private static (int Code, string Output) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        var command = AuditCommand.Create();
        var parsed = command.Parse(["verify", .. arguments]);
        if (parsed.Errors.Count > 0)
            return (ExitCode.Usage, "");
        try
        {
            return (parsed.Invoke(new() { Output = output, EnableDefaultExceptionHandler = false }), output.ToString());
        }
        catch (UsageException)
        {
            return (ExitCode.Usage, "");
        }
    }
}

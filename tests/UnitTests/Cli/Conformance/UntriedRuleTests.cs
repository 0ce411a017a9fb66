using System.Net;
using System.Net.Sockets;
using DataExchange.Cli.Conformance;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using NUnit.Framework;

namespace DataExchange.UnitTests.Cli.Conformance;

/// <summary>What was not tried is not held, and a good adapter is not found faulty by how it was tried.</summary>
internal sealed class UntriedRuleTests
{
    private static readonly string[] Callers = ["TLS-3", "TLS-4", "TLS-5", "TLS-6", "TLS-7"];

    private SeededDepartment _department = null!;

    [SetUp]
    public void Begin() => _department = new SeededDepartment();

    [TearDown]
    public async Task EndAsync() => await _department.DisposeAsync();

    [Test]
    public async Task Change_AboveTheLimitOfBatches_IsNotTakenForWhatWasThereBefore()
    {
        _department.Adapter.Batches.ForEach(batch => batch.PackedAt -= Duration.FromTimeSpan(TimeSpan.FromDays(1)));
        _department.Adapter.Changes = _ => { };
        _department.Replaced["limits: {answer: \"00:00:05\", change: \"00:00:20\""] = "limits: {batches: 2, answer: \"00:00:05\", change: \"00:00:02\"";

        var verdicts = await _department.VerifyAsync();

        Assert.That(Of(verdicts, Outcome.Broken), Is.EqualTo(new[] { "CHG-1" }));
    }

    [Test]
    public async Task Port_ThatClosesEachConnection_HoldsNoRuleOfCallers()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var closing = CloseEachAsync(listener);
        var file = await _department.StartAsync();
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace($"{_department.Server.Address}".TrimEnd('/'), $"https://{listener.LocalEndpoint}", StringComparison.Ordinal));

        var verdicts = await new ConformanceRun(VerifyFile.Load(file, out _)!).RunAsync(_ => { }, CancellationToken.None);
        listener.Stop();
        await closing;

        Assert.That(Of(verdicts, Outcome.NotRun), Is.SupersetOf(Callers));
    }

    [Test]
    public async Task Adapter_WhoseDescribeFailsForAnybody_HoldsNoRuleOfCallers()
    {
        _department.Server.LetsIn = _ => true;
        _department.Adapter.Describes = _ => throw new RpcException(new Status(StatusCode.Internal, ""));

        Assert.That(Of(await _department.VerifyAsync(), Outcome.NotRun), Is.SupersetOf(Callers));
    }

    [Test]
    public async Task Certificates_ThatAreNotWhatTheyAreNamedFor_AreErrorsOfTheFile()
    {
        _department.Replaced["expired: {certificate_path: expired.pem, key_path: expired.key}"] = "expired: {certificate_path: tax.pem, key_path: tax.key}";
        _department.Replaced["{certificate_path: housing.pem, key_path: housing.key}"] = "{certificate_path: expired.pem, key_path: expired.key}";

        VerifyFile.Load(await _department.StartAsync(), out var errors);

        Assert.That(errors.Select(error => (error.Path, error.Rule)), Is.EqualTo(new[] { ("expired.certificate_path", "must have expired"), ("others[1].certificate_path", "must be valid now") }));
    }

    [Test]
    public async Task Restart_ThatRestartsNothing_HoldsNoRuleOfRestarts()
    {
        _department.Replaced["restart: [touch, restart]"] = "restart: [\"true\"]";
        _department.Replaced["restart: \"00:00:20\""] = "restart: \"00:00:02\"";

        var verdicts = await _department.VerifyAsync();

        Assert.That(Of(verdicts, Outcome.NotRun), Is.EqualTo(new[] { "RST-1", "RST-2", "RST-3" }));
        Assert.That(Of(verdicts, Outcome.Broken), Is.Empty);
    }

    [Test]
    public async Task Command_ThatLeavesAProcessWithItsOutput_EndsWhenItEndsItself()
    {
        _department.Replaced["check: [\"true\"]"] = "check: [sh, -c, \"sleep 20 & exit 0\"]";
        _department.Replaced["limits: {"] = "limits: {command: \"00:00:05\", ";

        Assert.That((await _department.VerifyAsync()).IsHeld(ConformanceRules.GoodConfiguration));
    }

    [TestCase("./good.sh", Outcome.Held)]
    [TestCase("./none.sh", Outcome.NotRun)]
    public async Task Command_ByItsPath_IsThatOfTheFilesFolder(string path, Outcome outcome)
    {
        await File.WriteAllTextAsync(_department.Folder["good.sh"], "#!/bin/sh\nexit 0\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_department.Folder["good.sh"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        _department.Replaced["check: [\"true\"]"] = $"check: [{path}]";

        var verdicts = await _department.VerifyAsync();

        Assert.That(verdicts.All.Single(verdict => verdict.Rule == ConformanceRules.GoodConfiguration).Outcome, Is.EqualTo(outcome));
    }

    [Test]
    public async Task Command_WithAnEmptyWord_IsAnErrorOfTheFile()
    {
        _department.Replaced["check: [\"true\"]"] = "check: [\"\"]";

        VerifyFile.Load(await _department.StartAsync(), out var errors);

        Assert.That(errors.Select(error => $"{error}"), Has.One.Contains("must be text, and not empty"));
    }

    [Test]
    public async Task Fetch_WhereNothingIsAnswered_HoldsNeitherPlacesNorBadItems()
    {
        _department.Adapter.Fetches = (_, results) =>
        {
            foreach (var result in results)
                result.Unavailable = "NOT_GRANTED";
        };

        Assert.That(Of(await _department.VerifyAsync(), Outcome.NotRun), Is.SupersetOf(new[] { "FET-1", "FET-2" }));
    }

    [Test]
    public async Task RevokedGrant_WhoseCallFails_IsNotHeld()
    {
        _department.Adapter.Fetches = (request, _) =>
        {
            if (request.Consumer == "housing")
                throw new RpcException(new Status(StatusCode.Internal, ""));
        };

        Assert.That(Of(await _department.VerifyAsync(), Outcome.NotRun), Is.EqualTo(new[] { "FET-7" }));
    }

    [Test]
    public async Task Name_ThatIsNone_IsNotPrinted()
    {
        _department.Adapter.Describes = described => described.Attributes.Add(new Wire.DescribedAttribute { Name = "\u0001canary" });

        var seen = (await _department.VerifyAsync()).All.Single(verdict => verdict.Rule == ConformanceRules.Attributes).Seen;

        Assert.That(seen, Is.EqualTo("attribute 3 has no proper name"));
    }

    [Test]
    public async Task Stream_WithoutAnyLink_DoesNotHoldTheRuleOfLinks()
    {
        _department.Adapter.Batches.ForEach(batch =>
        {
            batch.Changes[2] = SeededAdapter.Held(batch.FirstSequence + 100);
            batch.Changes[2].AsOf = batch.Changes[0].AsOf;
        });

        Assert.That(Of(await _department.VerifyAsync(), Outcome.NotRun), Is.EqualTo(new[] { "VAL-4" }));
    }

    private static IEnumerable<string> Of(Verdicts verdicts, Outcome outcome) =>
        verdicts.All.Where(verdict => verdict.Outcome == outcome).Select(verdict => verdict.Rule.Id).Distinct();

    private static async Task CloseEachAsync(TcpListener listener)
    {
        try
        {
            while (true)
                (await listener.AcceptSocketAsync()).Dispose();
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }
}

using System.Globalization;
using System.Text.Json.Nodes;
using DataExchange.Cli.Exchange;
using DataExchange.Cli.Registers;
using DataExchange.FunctionalTests.Exchange;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>The demo as a program: published once and left, then started again on the same workspace and asked for every row of every map.</summary>
[TestFixture("memory")]
[TestFixture("rabbitmq", Category = "RabbitMq")]
internal sealed class DemoTests(string bus) : IDisposable
{
    private const int Departments = 16;
    private const int Ports = Departments + 2;
    private const int MapRows = 90_201;
    private const int SignalInterrupt = 2;
    private static readonly TimeSpan RunTimeout = TimeSpan.FromMinutes(4);

    private readonly TempFolder _workspace = new();
    private readonly int _port = PortBlock.Next(Ports);
    private readonly string _samples = RegistersFile.FindSamples();
    private RegisterOracle _oracle = null!;
    private string[] _arguments = [];
    private JsonObject _first = null!;
    private int _firstExitCode;
    private JsonObject _second = null!;
    private ServerProcess? _running;

    [OneTimeSetUp]
    public async Task RunTwiceAsync()
    {
        _oracle = new RegisterOracle(_samples);
        _arguments = ["demo", "--json", "--workspace", _workspace.Path, "--data", _samples, "--port", _port.ToString(CultureInfo.InvariantCulture), "--bus", bus];
        if (bus == "rabbitmq")
        {
            var server = await SharedServers.RabbitMqAsync();
            _arguments = [.. _arguments, "--rabbitmq", $"amqp://guest:guest@127.0.0.1:{server.Port}"];
        }

        await using (var first = ServerProcess.StartDotnet("dx", [.. _arguments, "--exit"], RegisterExchange.Patient))
        {
            _first = await ReportAsync(first);
            _firstExitCode = await first.WaitForExitAsync(RunTimeout);
            Assert.That(ProcessLog.Errors(first.Output), Is.Empty);
        }

        _running = ServerProcess.StartDotnet("dx", _arguments, RegisterExchange.Patient);
        _second = await ReportAsync(_running);
    }

    [Test]
    public void Demo_FirstRun_PublishesEverythingAndAnswersAsTheFilesSay()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_firstExitCode, Is.Zero);
            // A batch that had to be sent again counts again.
            Assert.That(Number(_first, "changes"), Is.GreaterThanOrEqualTo(_oracle.Changes));
            AssertComplete(_first);
        }
    }

    [Test]
    public void Demo_SecondRun_PublishesNothingAndAnswersTheSame()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Number(_second, "changes"), Is.Zero);
            AssertComplete(_second);
        }
    }

    [Test]
    public async Task Lookup_EveryRowOfEveryMap_AnswersAsTheFilesSay()
    {
        Assert.That(_oracle.MapRows, Has.Count.EqualTo(MapRows));
        var plan = RegistersFile.Load(_samples).Plan();
        using var desk = new ServiceDeskClient(Workspace.Prepare(new ExchangeSettings(_workspace.Path, _port, RabbitMq: null), plan), plan);

        var faults = await desk.FaultsAsync(_oracle.MapRows, _oracle);

        Assert.That(faults.Take(20), Is.Empty, $"{faults.Count} of {MapRows} lookups");
    }

    [OneTimeTearDown]
    public async Task EndAsync()
    {
        if (_running is not { } running)
            return;
        await using (running)
        {
            Assert.That(await running.StopAsync(SignalInterrupt), Is.Zero, running.Output);
            Assert.That(ProcessLog.Errors(running.Output), Is.Empty);
        }
    }

    public void Dispose() => _workspace.Dispose();

    private void AssertComplete(JsonObject report)
    {
        Assert.That(Number(report, "departments"), Is.EqualTo(Departments));
        Assert.That(Number(report, "facts"), Is.EqualTo(_oracle.Facts));
        Assert.That(Number(report, "links"), Is.EqualTo(_oracle.Links));
        Assert.That(Number(report, "subjects"), Is.EqualTo(_oracle.Subjects));
        Assert.That(_oracle.Mapped, Is.EqualTo(4_734));
        Assert.That(Number(report, "lookups"), Is.EqualTo(_oracle.Mapped));
        Assert.That(Number(report, "resolved"), Is.EqualTo(_oracle.Mapped));
        Assert.That(Number(report, "unresolved"), Is.Zero);
        Assert.That(Number(report, "wrong"), Is.Zero);
    }

    private static async Task<JsonObject> ReportAsync(ServerProcess demo) =>
        JsonNode.Parse(await demo.WaitForLineAsync("{\"departments\"", RunTimeout))!.AsObject();

    private static long Number(JsonObject report, string name) => report[name]!.GetValue<long>();
}

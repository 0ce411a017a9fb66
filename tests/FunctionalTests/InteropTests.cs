using System.Text.Json;
using DataExchange.FunctionalTests.Hub;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>A foreign client, Node with @grpc/grpc-js, against the hub: what a department without .NET can do with the protos alone.</summary>
[TestFixture]
internal sealed class InteropTests
{
    private static readonly string Scripts = Path.Combine(RepositoryRoot(), "tests", "interop");
    private static readonly TimeSpan InstallTimeout = TimeSpan.FromMinutes(3);

    private TestExchange _exchange = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        if (!Directory.Exists(Path.Combine(Scripts, "node_modules")))
        {
            await using var install = ServerProcess.Start("npm", ["ci", "--silent", "--prefix", Scripts]);
            Assert.That(await install.WaitForExitAsync(InstallTimeout), Is.Zero, install.Output);
        }

        _exchange = await TestExchange.StartAsync();
        await _exchange.PublishAsync(Ask.Body(1), "kept", "lane");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (_exchange is not null)
            await _exchange.DisposeAsync();
    }

    [Test]
    public async Task Lookup_ByNode_GetsTheAnswer()
    {
        var answer = (await LookupAsync(Request(1, TestCatalogue.Registry))).GetProperty("answer");

        var attribute = answer.GetProperty("answers")[0];
        Assert.That(attribute.GetProperty("outcome").GetString(), Is.EqualTo("OUTCOME_PROVIDED"));
        Assert.That(attribute.GetProperty("evidence")[0].GetProperty("value").GetProperty("text").GetString(), Is.EqualTo("kept"));
        Assert.That(answer.GetProperty("receipt").GetProperty("log_id").GetString(), Has.Length.EqualTo(32));
    }

    [Test]
    public async Task Lookup_ByNodeNotGranted_ShowsReasonAdviceAndField()
    {
        var refusal = (await LookupAsync(Request(1, TestCatalogue.Registry, purpose: "curiosity"))).GetProperty("refusal");

        Assert.That(refusal.GetProperty("code").GetInt32(), Is.EqualTo(7));
        Assert.That(refusal.GetProperty("reason").GetString(), Is.EqualTo("NOT_GRANTED"));
        Assert.That(refusal.GetProperty("domain").GetString(), Is.EqualTo("dataexchange"));
        Assert.That(refusal.GetProperty("advice").GetString(), Does.Contain("ListMyGrants"));
        Assert.That(refusal.GetProperty("fields")[0].GetString(), Is.EqualTo("attributes[0]"));
    }

    [Test]
    public async Task Lookup_ByNodeInvalid_NamesTheFields()
    {
        var refusal = (await LookupAsync(Request(1, TestCatalogue.Registry, purpose: "", caseId: ""))).GetProperty("refusal");

        Assert.That(refusal.GetProperty("reason").GetString(), Is.EqualTo("REQUEST_INVALID"));
        Assert.That(refusal.GetProperty("fields").EnumerateArray().Select(f => f.GetString()), Is.EqualTo(["purpose", "case_id"]));
    }

    [Test]
    public async Task Publish_ByNodeTwice_IsAppliedOnceAndFound()
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var batches = JsonSerializer.Serialize(new[]
        {
            new
            {
                epoch = new string('a', 32), seconds = now, first_sequence = 1,
                changes = new[] { new { set = new { subject = Subject(2), attribute = TestCatalogue.Status, value = new { text = "from node" } }, as_of = new { seconds = now } } },
            },
        });

        var first = await PublishAsync(batches);
        var second = await PublishAsync(batches);
        var answer = (await LookupAsync(Request(2, TestCatalogue.Foreign))).GetProperty("answer");

        Assert.That(first.GetProperty("result").GetString(), Is.EqualTo("BATCH_RESULT_APPLIED"));
        Assert.That(first.GetProperty("watermark").GetString(), Is.EqualTo("1"));
        Assert.That(second.GetProperty("result").GetString(), Is.EqualTo("BATCH_RESULT_DUPLICATE"));
        var evidence = answer.GetProperty("answers")[0].GetProperty("evidence")[0];
        Assert.That(evidence.GetProperty("value").GetProperty("text").GetString(), Is.EqualTo("from node"));
        Assert.That(evidence.GetProperty("provider").GetString(), Is.EqualTo(TestCatalogue.Foreign));
    }

    private static object Subject(ulong number) => new { scheme = TestCatalogue.Scheme, value = Ask.Body(number).Value };

    private static string Request(ulong number, string owner, string purpose = TestCatalogue.Purpose, string caseId = "case-1") => JsonSerializer.Serialize(new
    {
        identifier = Subject(number),
        attributes = new[] { new { department = owner, name = TestCatalogue.Status } },
        purpose,
        legal_basis = TestCatalogue.LegalBasis,
        case_id = caseId,
    });

    private Task<JsonElement> LookupAsync(string request) => RunAsync("lookup.js", TestCatalogue.Welfare, request);

    private Task<JsonElement> PublishAsync(string batches) => RunAsync("publish.js", TestCatalogue.Foreign, batches);

    private async Task<JsonElement> RunAsync(string script, string department, string input)
    {
        // By name: the certificate carries it, and TLS asks for no address.
        var hub = $"localhost:{_exchange.Address.Port}";
        await using var node = ServerProcess.Start("node", [Path.Combine(Scripts, script), hub, _exchange.Certificates.Folder, department]);
        await node.Input.WriteAsync(input);
        node.Input.Close();
        await node.WaitForExitAsync();
        Assert.That(node.Output, Does.StartWith("{"), script);
        return JsonDocument.Parse(node.Output).RootElement;
    }

    private static string RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "DataExchange.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException("The tests do not lie below DataExchange.sln.");
    }
}

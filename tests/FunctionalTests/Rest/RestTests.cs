using System.Net;
using System.Security.Cryptography;
using DataExchange.Broker.Audit;
using DataExchange.FunctionalTests.Hub;
using DataExchange.Testing;
using Google.Protobuf;
using NUnit.Framework;

namespace DataExchange.FunctionalTests.Rest;

/// <summary>The JSON face answers what gRPC answers, over both versions of HTTP, to whoever gRPC answers.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed class RestTests(string version)
{
    private TestExchange _exchange = null!;
    private RestCall _rest = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _exchange = await TestExchange.StartAsync(new()
        {
            ["Rest:Enabled"] = "true",
            ["Rest:Page"] = "true",
            ["Accesses:Attribute"] = Ask.HeldByForeign.ToString(),
        });
        await _exchange.PublishAsync(Ask.Body(1), "good", "lane");
        _rest = Connect(TestCatalogue.Welfare);
    }

    [OneTimeTearDown]
    public ValueTask StopAsync()
    {
        _rest.Dispose();
        return _exchange.DisposeAsync();
    }

    [Test]
    public async Task Lookup_HeldAndLocated_AreAnsweredAsOverGrpc()
    {
        var request = Ask.About(Ask.Body(1), Ask.Held, Ask.Located);
        var grpc = await _exchange.Lookups().LookupAsync(request);

        var answer = await _rest.PostAsync("/v1/lookups", request);

        Assert.That(answer.Code, Is.EqualTo(HttpStatusCode.OK), answer.Text);
        var rest = answer.Read<Wire.LookupResponse>();
        Assert.That(rest.Answers.Select(Values), Is.EqualTo(grpc.Answers.Select(Values)));
        Assert.That(answer.Text, Does.Contain("\"outcome\":\"OUTCOME_PROVIDED\"").And.Contain("\"sequence\":\"1\""));

        static string Values(Wire.AttributeAnswer answer) => $"{answer.Attribute} {answer.Outcome} {string.Join(',', answer.Evidence.Select(e => e.Value))}";
    }

    /// <summary>What docs/rest.md says: the JSON of question and answer, written as protobuf, are what the audit entry holds the hashes of.</summary>
    [Test]
    public async Task Lookup_Receipt_ProvesQuestionAndAnswerOfTheJson()
    {
        const string question = """
            {"purpose":"benefits", "caseId":"case-9", "legal_basis":"Test Act, section 1", "maxAge":"3600s",
             "attributes":[{"department":"registry","name":"status"}], "identifier":{"value":"BODY0000000000000001","scheme":"test-body"}}
            """;
        var answer = (await _rest.PostAsync("/v1/lookups", question)).Read<Wire.LookupResponse>();
        var (receipt, request) = (answer.Receipt, JsonParser.Default.Parse<Wire.LookupRequest>(question));
        answer.Receipt = null;

        var entry = new AuditReader(_exchange.AuditFolder)[receipt.EntryIndex];

        Assert.That(entry.RequestHash.ToByteArray(), Is.EqualTo(Hash(receipt, request)));
        Assert.That(entry.AnswerHash.ToByteArray(), Is.EqualTo(Hash(receipt, answer)));
        Assert.That(entry.Consumer, Is.EqualTo(TestCatalogue.Welfare));

        static byte[] Hash(Wire.Receipt receipt, IMessage message) => SHA256.HashData([.. receipt.Salt, .. message.ToByteArray()]);
    }

    [Test]
    public async Task Catalogue_Lists_AreThoseOfGrpcPageByPage()
    {
        var grpc = new Wire.CatalogueService.CatalogueServiceClient(_exchange.Connect(TestCatalogue.Welfare));

        var departments = (await _rest.GetAsync("/v1/departments")).Read<Wire.ListDepartmentsResponse>();
        var attributes = (await _rest.GetAsync("/v1/attributes?department=registry&page_size=1")).Read<Wire.ListAttributesResponse>();
        var next = (await _rest.GetAsync($"/v1/attributes?department=registry&pageToken={Uri.EscapeDataString(attributes.NextPageToken)}")).Read<Wire.ListAttributesResponse>();
        var grants = (await _rest.GetAsync("/v1/grants")).Read<Wire.ListMyGrantsResponse>();

        Assert.That(departments, Is.EqualTo(await grpc.ListDepartmentsAsync(new())));
        Assert.That(
            attributes.Attributes.Concat(next.Attributes),
            Is.EqualTo((await grpc.ListAttributesAsync(new() { Department = TestCatalogue.Registry })).Attributes));
        Assert.That((attributes.Attributes.Count, next.Attributes.Count), Is.EqualTo((1, 1)));
        Assert.That(grants, Is.EqualTo(await grpc.ListMyGrantsAsync(new())));
    }

    [Test]
    public async Task Explain_OwnRequest_SaysWhatWasDecided()
    {
        var request = Ask.About(Ask.Body(1), Ask.Held);
        request.RequestId = $"explained-{version}";
        await _rest.PostAsync("/v1/lookups", request);

        var explained = (await _rest.PostAsync("/v1/lookups:explain", new Wire.ExplainLookupRequest { RequestId = request.RequestId })).Read<Wire.ExplainLookupResponse>();

        Assert.That(explained.Lookups.Select(lookup => (lookup.Consumer, lookup.Allowed)), Is.EqualTo(new[] { (TestCatalogue.Welfare, true) }));
    }

    [Test]
    public async Task Accesses_OfASubject_AreListedAsLinesWithTheirProofLast()
    {
        var asked = Ask.About(Ask.Body(1), Ask.Held);
        await _rest.PostAsync("/v1/lookups", asked);
        var request = new Wire.ListAccessesRequest { Identifier = asked.Identifier, Purpose = asked.Purpose, LegalBasis = asked.LegalBasis, CaseId = asked.CaseId };

        var lines = await Eventually.Async(
            "the access", async () => (await _rest.PostAsync("/v1/accesses:list", request)).ReadLines<Wire.ListAccessesResponse>(), list => list.Exists(IsAsked));

        Assert.That(lines[^1].Proof.Statement.IsEmpty, Is.False);
        Assert.That(lines.SkipLast(1).All(line => line.Access is not null));

        bool IsAsked(Wire.ListAccessesResponse line) => line.Access is { } access && Wire.AuditEntry.Parser.ParseFrom(access.Entry).CaseId == asked.CaseId;
    }

    [Test]
    public async Task Documents_ToARegisteredPeer_AreServedAndBringNothingFromElsewhere()
    {
        var openApi = await _rest.GetAsync("/openapi.json");
        var page = await _rest.GetAsync("/docs/");
        using var stranger = Connect(TestCatalogue.Stranger);

        Assert.That(openApi.Text, Does.Contain("\"openapi\": \"3.1").And.Contain("/v1/lookups"));
        Assert.That(page.Code, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(page.Text, Does.Contain("openapi.json").And.Not.Contain("//cdn").And.Not.Contain("fonts."));
        Assert.That(page.Headers, Does.Contain("Content-Security-Policy: default-src 'none'").And.Contain("connect-src 'self'"));
        foreach (var script in System.Text.RegularExpressions.Regex.Matches(page.Text, "src=\"([^\"]+)\"").Select(match => match.Groups[1].Value))
        {
            Assert.That(script, Does.Not.Contain("//"));
            Assert.That((await _rest.GetAsync(new Uri(new Uri("https://hub/docs/"), script).PathAndQuery)).Code, Is.EqualTo(HttpStatusCode.OK), script);
        }

        foreach (var path in new[] { "/openapi.json", "/docs/" })
            Assert.That((await stranger.GetAsync(path)).Code, Is.EqualTo(HttpStatusCode.Forbidden), path);
    }

    [TestCase("/openapi.json")]
    [TestCase("/openapi.json/")]
    [TestCase("/OpenApi.json")]
    [TestCase("/docs/")]
    [TestCase("/Docs/")]
    [TestCase("/docs/scalar.js")]
    [TestCase("/DOCS/scalar.js")]
    public async Task Documents_HoweverTheirPathIsWritten_AreForRegisteredPeersAndKeepToThemselves(string path)
    {
        using var stranger = Connect(TestCatalogue.Stranger);

        var (served, refused) = (await _rest.GetAsync(path), await stranger.GetAsync(path));

        Assert.That((served.Code, refused.Code, refused.Text), Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.Forbidden, "")));
        Assert.That(served.Headers, Does.Contain("Content-Security-Policy: default-src 'none'").And.Contain("X-Content-Type-Options: nosniff"));
    }

    [Test]
    public async Task Rest_SwitchedOff_IsNotThereAndHttp11IsRefused()
    {
        await using var plain = await TestExchange.StartAsync();
        using var old = new RestCall(plain.Address, plain.Certificates.Department(TestCatalogue.Welfare));
        using var rest = new RestCall(plain.Address, plain.Certificates.Department(TestCatalogue.Welfare)) { Version = HttpVersion.Version20 };

        await Assert.ThatAsync(() => old.GetAsync("/v1/departments"), Throws.InstanceOf<HttpRequestException>());
        foreach (var path in new[] { "/v1/departments", "/openapi.json", "/docs/" })
            Assert.That((await rest.GetAsync(path)).Code, Is.EqualTo(HttpStatusCode.NotFound), path);
    }

    private RestCall Connect(string department) => new(_exchange.Address, _exchange.Certificates.Department(department)) { Version = Version.Parse(version) };
}

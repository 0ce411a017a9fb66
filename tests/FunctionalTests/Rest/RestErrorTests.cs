using System.Net;
using DataExchange.Broker.Catalogue;
using DataExchange.Contracts;
using DataExchange.FunctionalTests.Hub;
using DataExchange.Hosting;
using DataExchange.Testing;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;

namespace DataExchange.FunctionalTests.Rest;

/// <summary>Why a call fails, asked over gRPC and over JSON: the same status, fields and facts, and no word of what was asked.</summary>
[TestFixture]
internal sealed class RestErrorTests
{
    private const string Marker = "MARK4711081512345678";

    private TestExchange _exchange = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _exchange = await TestExchange.StartAsync(new()
        {
            ["Rest:Enabled"] = "true",
            ["Accesses:Attribute"] = Ask.HeldByForeign.ToString(),
            ["Index:ClusterIdentifiersMax"] = "2",
            ["Budget:SubjectsPerCaseMax"] = "2",
        });
        await _exchange.ApplyAsync(_exchange.Catalogue with { Linker = TestCatalogue.Registry });
        var catalogue = _exchange.Hub.Services.GetRequiredService<CatalogueState>();
        await Eventually.Async("the right to link", () => catalogue.Current!.Linkers.Contains(DepartmentId.Parse(TestCatalogue.Registry)));
        _exchange.Source.Link(Ask.Body(10), Ask.Body(11));
        _exchange.Source.Link(Ask.Body(11), Ask.Body(12));
        await _exchange.PublishedAsync();
    }

    [OneTimeTearDown]
    public ValueTask StopAsync() => _exchange.DisposeAsync();

    [Test]
    public Task Lookup_FieldsBreakTheirRules_AreNamedWithoutTheirValues() => VerifyAsync(
        new Wire.LookupRequest { Identifier = new() { Scheme = TestCatalogue.Scheme, Value = Marker[..^1] }, Purpose = Marker, RequestId = "a b" },
        HttpStatusCode.BadRequest, "REQUEST_INVALID");

    [Test]
    public Task Lookup_NotGranted_SaysSo()
    {
        var request = Ask.About(new Identifier(TestCatalogue.Scheme, Marker), Ask.Held);
        request.Purpose = "curiosity";
        return VerifyAsync(request, HttpStatusCode.Forbidden, "NOT_GRANTED");
    }

    [Test]
    public Task Lookup_DepartmentUnknown_SaysSo() => VerifyAsync(
        Ask.About(new Identifier(TestCatalogue.Scheme, Marker), Ask.Held), HttpStatusCode.Forbidden, "DEPARTMENT_UNKNOWN",
        _exchange.Certificates.Department(TestCatalogue.Stranger));

    [Test]
    public async Task Lookup_KeyNotRegistered_SaysSo()
    {
        using var folder = new TempFolder();
        foreach (var file in new[] { "root.pem", "root.key" })
            File.Copy(Path.Combine(_exchange.Certificates.Folder, file), folder[file]);
        var reissued = DevelopmentCertificates.Create(
            folder.Path, TestCertificates.TrustDomain, TestCertificates.BrokerId, [DepartmentId.Parse(TestCatalogue.Welfare)]);
        var identity = reissued.Department(DepartmentId.Parse(TestCatalogue.Welfare));
        await VerifyAsync(Ask.About(new Identifier(TestCatalogue.Scheme, Marker), Ask.Held), HttpStatusCode.Forbidden, "KEY_NOT_REGISTERED", identity);
    }

    [Test]
    public async Task Lookup_BudgetSpent_SaysWhenToAskAgain()
    {
        var request = Ask.About(new Identifier(TestCatalogue.Scheme, Marker), Ask.Held);
        foreach (var body in new[] { Ask.Body(1), Ask.Body(2) })
            await _exchange.Lookups().LookupAsync(new Wire.LookupRequest(request) { Identifier = body.ToWire() });

        var status = await VerifyAsync(request, HttpStatusCode.TooManyRequests, "BUDGET_EXHAUSTED");

        Assert.That(status.GetDetail<RetryInfo>()?.RetryDelay.ToTimeSpan(), Is.GreaterThan(TimeSpan.Zero));
    }

    [Test]
    public Task Lookup_ClusterTooLarge_SaysSo() =>
        VerifyAsync(Ask.About(Ask.Body(10), Ask.Held), HttpStatusCode.BadRequest, "CLUSTER_TOO_LARGE");

    [Test]
    public Task Lookup_MessageTooLarge_SaysSo()
    {
        var request = Ask.About(new Identifier(TestCatalogue.Scheme, Marker), Ask.Held);
        request.LegalBasis = new string('x', 65 * 1024);
        return VerifyAsync(request, HttpStatusCode.TooManyRequests, "MESSAGE_TOO_LARGE");
    }

    [Test]
    public async Task Lookup_AuditCannotBeWritten_SaysSo()
    {
        await using var exchange = await TestExchange.StartAsync(new() { ["Rest:Enabled"] = "true", ["Audit:FreeBytesMin"] = "1099511627776" });
        Assume.That(new DriveInfo(exchange.AuditFolder).AvailableFreeSpace, Is.LessThan(1L << 40), "a disk with less than 1 TiB free");
        exchange.Logs.Expect("AuditNoRoom");
        await VerifyAsync(
            Ask.About(Ask.Body(1), Ask.Held), HttpStatusCode.ServiceUnavailable, "AUDIT_UNAVAILABLE", exchange.Certificates.Department(TestCatalogue.Welfare), exchange);
    }

    [TestCase("/v1/accesses:list")]
    public async Task Accesses_NotGranted_SaysSo(string path)
    {
        var request = new Wire.ListAccessesRequest { Identifier = new() { Scheme = TestCatalogue.Scheme, Value = Marker }, Purpose = "curiosity", LegalBasis = "none", CaseId = "1" };
        var welfare = _exchange.Certificates.Department(TestCatalogue.Welfare);
        using var listing = new Wire.AccessLogService.AccessLogServiceClient(_exchange.Connect(welfare)).ListAccesses(request);
        var refused = (await Assert.ThrowsAsync<RpcException>(async () => await listing.ResponseStream.MoveNext(default)))!;

        await VerifySameAsync(refused, path, request, HttpStatusCode.Forbidden, "NOT_GRANTED", welfare, _exchange);
    }

    [Test]
    public async Task Explain_NothingOfThatName_SaysSo()
    {
        var request = new Wire.ExplainLookupRequest { RequestId = Marker };
        var welfare = _exchange.Certificates.Department(TestCatalogue.Welfare);
        var client = new Wire.CatalogueService.CatalogueServiceClient(_exchange.Connect(welfare));
        var refused = (await Assert.ThrowsAsync<RpcException>(async () => await client.ExplainLookupAsync(request)))!;

        await VerifySameAsync(refused, "/v1/lookups:explain", request, HttpStatusCode.NotFound, "NOT_FOUND", welfare, _exchange);
    }

    [TestCase("{", "application/json")]
    [TestCase("", "application/json")]
    [TestCase("null", "application/json")]
    [TestCase("[]", "application/json")]
    [TestCase("\"" + Marker + "\"", "application/json")]
    [TestCase("{\"identifier\":\"" + Marker + "\"}", "application/json")]
    [TestCase("{\"identifier\":{\"value\":" + "4711.5e3" + "}}", "application/json")]
    [TestCase("{\"identifier\":{\"value\":{\"" + Marker + "\":1}}}", "application/json")]
    [TestCase("{\"" + Marker + "\":1}", "application/json")]
    [TestCase("{\"purpose\":\"a\",\"purpose\":\"" + Marker + "\"}", "application/json")]
    [TestCase("{\"case_id\":\"a\",\"caseId\":\"" + Marker + "\"}", "application/json")]
    [TestCase("{\"maxAge\":\"" + Marker + "\"}", "application/json")]
    [TestCase("{\"discloseAfter\":\"" + Marker + "\"}", "application/json")]
    [TestCase("{\"acceptStale\":\"" + Marker + "\"}", "application/json")]
    [TestCase("{\"purpose\":\"" + Marker + "\"}", "application/json; charset=utf-16")]
    [TestCase("{\"purpose\":\"" + Marker + "\"}", "application/json; charset=" + Marker)]
    [TestCase("{\"purpose\":\"" + Marker + "\"}", "text/plain")]
    [TestCase("{\"purpose\":\"" + Marker + "\"}", "application/" + Marker)]
    public async Task Lookup_BodyThatIsNoneOfTheMethods_IsInvalidAndNotQuoted(string body, string contentType)
    {
        using var rest = Connect(TestCatalogue.Welfare);

        var answer = await rest.PostAsync("/v1/lookups", body, contentType);

        Assert.That((answer.Code, answer.Reason), Is.EqualTo((HttpStatusCode.BadRequest, "REQUEST_INVALID")), answer.Text);
        Assert.That(answer.Read<Google.Rpc.Status>().GetDetail<BadRequest>()!.FieldViolations.Single().Field, Is.EqualTo("message"));
        VerifyUnquoted(answer);
    }

    [Test]
    public async Task Lookup_BodyOverTheLimit_IsTooLarge([Values] bool chunked)
    {
        using var rest = Connect(TestCatalogue.Welfare);
        using var content = new ByteArrayContent(new byte[300 * 1024]) { Headers = { ContentType = new("application/json") } };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/lookups") { Content = content };
        request.Headers.TransferEncodingChunked = chunked;

        var answer = await rest.SendAsync(request);

        Assert.That((answer.Code, answer.Reason), Is.EqualTo((HttpStatusCode.TooManyRequests, "MESSAGE_TOO_LARGE")));
    }

    [TestCase("/v1/departments?page_size=" + Marker, HttpStatusCode.BadRequest, "REQUEST_INVALID")]
    [TestCase("/v1/departments?page_token=" + Marker, HttpStatusCode.BadRequest, "REQUEST_INVALID")]
    [TestCase("/v1/attributes?department=" + Marker, HttpStatusCode.BadRequest, "REQUEST_INVALID")]
    [TestCase("/v1/" + Marker, HttpStatusCode.NotFound, "NOT_FOUND")]
    [TestCase("/v1/lookups", HttpStatusCode.NotFound, "NOT_FOUND")]
    public async Task Get_WhatThereIsNot_IsRefusedAndNotQuoted(string path, HttpStatusCode code, string reason)
    {
        using var rest = Connect(TestCatalogue.Welfare);

        var answer = await rest.GetAsync(path);

        Assert.That((answer.Code, answer.Reason), Is.EqualTo((code, reason)), answer.Text);
        VerifyUnquoted(answer);
    }

    [TestCase("page_siez=1")]
    [TestCase("page_size=1&pageSize=2")]
    [TestCase("page_size=1&page_size=2")]
    [TestCase("page_size=1&PAGE_SIZE=2")]
    [TestCase("Page_Size=1")]
    [TestCase("page_size=1&" + Marker + "=1")]
    [TestCase("page_size=" + Marker)]
    public async Task Get_ParametersThatAreNoneOfTheMethods_AreNamedAsSuch(string query)
    {
        using var rest = Connect(TestCatalogue.Welfare);

        VerifyParametersRefused(await rest.GetAsync($"/v1/departments?{query}"));
    }

    [Test]
    public async Task Lookup_FieldBesideItsBody_IsRefusedNotPassedOver()
    {
        using var rest = Connect(TestCatalogue.Welfare);

        VerifyParametersRefused(await rest.PostAsync($"/v1/lookups?disclose_after={Marker}", Ask.About(Ask.Body(1), Ask.Held)));
    }

    private void VerifyParametersRefused(RestAnswer answer)
    {
        Assert.That((answer.Code, answer.Reason), Is.EqualTo((HttpStatusCode.BadRequest, "REQUEST_INVALID")), answer.Text);
        Assert.That(answer.Read<Google.Rpc.Status>().GetDetail<BadRequest>()!.FieldViolations.Single().Field, Is.EqualTo("query"));
        VerifyUnquoted(answer);
    }

    private async Task<Google.Rpc.Status> VerifyAsync(
        Wire.LookupRequest request, HttpStatusCode code, string reason, TlsOptions? identity = null, TestExchange? exchange = null)
    {
        exchange ??= _exchange;
        identity ??= exchange.Certificates.Department(TestCatalogue.Welfare);
        var client = new Wire.LookupService.LookupServiceClient(exchange.Connect(identity));
        var refused = (await Assert.ThrowsAsync<RpcException>(async () => await client.LookupAsync(request)))!;
        return await VerifySameAsync(refused, "/v1/lookups", request, code, reason, identity, exchange);
    }

    private async Task<Google.Rpc.Status> VerifySameAsync(
        RpcException grpc, string path, IMessage request, HttpStatusCode code, string reason, TlsOptions identity, TestExchange exchange)
    {
        using var rest = new RestCall(exchange.Address, identity);

        var answer = await rest.PostAsync(path, request);

        Assert.That((answer.Code, answer.Reason), Is.EqualTo((code, reason)), answer.Text);
        var status = answer.Read<Google.Rpc.Status>();
        Assert.That(Comparable(status), Is.EqualTo(Comparable(grpc.GetRpcStatus()!)));
        VerifyUnquoted(answer);
        return status;
    }

    /// <summary>Without what differs from call to call: where it is audited, and when to ask again.</summary>
    private static string Comparable(Google.Rpc.Status status)
    {
        var info = status.GetDetail<ErrorInfo>()!.Clone();
        info.Metadata.Remove("auditEntry");
        info.Metadata.Remove("requestId");
        return $"{status.Code} {status.Message} {info} {status.GetDetail<BadRequest>()} {status.GetDetail<RetryInfo>() is not null} {status.Details.Count}";
    }

    private void VerifyUnquoted(RestAnswer answer)
    {
        Assert.That(answer.Text + answer.Headers, Does.Not.Contain(Marker[..^1]));
        Assert.That(_exchange.Logs.All.Where(log => $"{log.State}{log.Exception}".Contains(Marker[..^1], StringComparison.Ordinal)), Is.Empty);
    }

    private RestCall Connect(string department) => new(_exchange.Address, _exchange.Certificates.Department(department));
}

using System.Globalization;
using DataExchange.AdapterHost.Configuration;
using DataExchange.AdapterHost.Sources;
using DataExchange.Hosting;
using DataExchange.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace DataExchange.UnitTests.AdapterHost.Sources;

internal sealed class RestSourceTests
{
    private const string Facts = "body:AB1/state=active|body:AB1/title=Alpha|body:AB1~old:17|body:AB2/title=Beta|body:AB3/title=Gamma";

    private static readonly string[] Rows =
    [
        """{"id":"ab1","former":17,"name":{"full":"Alpha"},"state":"A"}""", """{"id":"AB2","name":{"full":"Beta"}}""", """{"id":"AB3","name":{"full":"Gamma"},"state":null}""",
    ];

    private TempFolder _folder = null!;
    private WebApplication _service = null!;
    private Department _department = null!;
    private string[] _rows = Rows;
    private string? _eTag = "\"1\"";
    private string _next = "";
    private int _status = 200;
    private int _pages;
    private Action? _onPage;

    [SetUp]
    public async Task StartAsync()
    {
        (_rows, _eTag, _next, _status, _pages, _onPage) = (Rows, "\"1\"", "/bodies?page={0}", 200, 0, null);
        _folder = new TempFolder();
        WholeFile.Write(_folder["token"], "Bearer t0ken\n"u8, WholeFile.OwnerOnly, overwrite: false);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _service = builder.Build();
        _service.Urls.Add("http://127.0.0.1:0");
        _service.MapGet("/bodies", Answer);
        await _service.StartAsync();
        _department = new Department(Yaml());
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _department.DisposeAsync();
        await _service.DisposeAsync();
        _folder.Dispose();
    }

    [Test]
    public async Task Read_Pages_AreFollowedToTheLast()
    {
        await _department.ReadAsync();

        Assert.That(Held(), Is.EqualTo(Facts));
        Assert.That(_pages, Is.EqualTo(4), "one page for the version, one for each row");
    }

    [Test]
    public async Task Read_SameETag_AsksForNoPage([Values] bool restart)
    {
        await _department.ReadAsync();
        var (pages, asked) = (_pages, Asked);
        if (restart)
            await _department.RestartAsync();

        await Eventually.Async("it is asked again", async () => await _department.ReadAsync() == 0 && Asked > asked);

        Assert.That(_pages - pages, Is.EqualTo(restart ? 1 : 0), "after a start the ETag is learnt anew");
    }

    [Test]
    public async Task Read_AnotherETag_PublishesTheDifference([Values] bool hasETag)
    {
        _eTag = hasETag ? _eTag : null;
        await _department.ReadAsync();

        (_rows, _eTag) = ([Rows[0].Replace("Alpha", "Alpha 2", StringComparison.Ordinal), Rows[2]], hasETag ? "\"2\"" : null);

        await UntilAsync("body:AB1/state=active|body:AB1/title=Alpha 2|body:AB1~old:17|body:AB3/title=Gamma");
    }

    [Test]
    public async Task Read_RowsThatMoveMeanwhile_WithdrawNothing()
    {
        await _department.ReadAsync();
        (_eTag, var pages) = ("\"2\"", _pages);
        // The first row goes once its page has been read: the second one takes its place and is passed over.
        _onPage = () => (_rows, _eTag) = _pages == pages + 2 ? (Rows[1..], "\"3\"") : (_rows, _eTag);

        await Eventually.Async("the change is seen", async () => await StoppedAsync() is { } reason && reason.Contains("was changed while it was read", StringComparison.Ordinal));
        Assert.That(Held(), Is.EqualTo(Facts));

        await UntilAsync("body:AB2/title=Beta|body:AB3/title=Gamma");
    }

    [TestCase(503, "/bodies?page={0}", "the service answered 503")]
    [TestCase(302, "/bodies?page={0}", "the service answered 302")]
    [TestCase(200, "http://elsewhere.example/bodies?page={0}", "the next page is said to be on another server")]
    public async Task Read_ServiceThatMisbehaves_StopsWithAReasonAndWithdrawsNothing(int status, string next, string reason)
    {
        await _department.ReadAsync();
        (_status, _next, _eTag) = (status, next, "\"2\"");

        await Eventually.Async(reason, async () => await StoppedAsync() is { } told && told.Contains(reason, StringComparison.Ordinal));

        Assert.That(Held(), Is.EqualTo(Facts));
    }

    [TestCase("http://service.example/bodies")]
    [TestCase("ftp://127.0.0.1/bodies")]
    public void Load_AddressWithoutTls_IsRefused(string address)
    {
        File.WriteAllText(_folder["wrong.yaml"], Yaml().Replace(_service.Urls.Single(), address, StringComparison.Ordinal));

        Assert.That(HostFile.Load(_folder["wrong.yaml"], out var errors), Is.Null);
        Assert.That(errors.Select(error => error.ToString()), Has.Some.Contains("sources[0].rest.address").And.Some.Contains("must be https"));
    }

    private int Asked { get; set; }

    private string Held() => string.Join('|', _department.Hub.Facts);

    private async Task<string?> StoppedAsync()
    {
        try
        {
            await _department.ReadAsync();
            return null;
        }
        catch (SourceStoppedException stopped)
        {
            return stopped.Message;
        }
    }

    private async Task UntilAsync(string facts) => await Eventually.Async(facts, async () => await StoppedAsync() ?? Held(), held => held == facts);

    private IResult Answer(HttpContext context)
    {
        Asked++;
        if (context.Request.Headers.Authorization != "Bearer t0ken")
            return Results.StatusCode(401);
        if (_status != 200)
            return Results.StatusCode(_status);
        if (_eTag is not null && context.Request.Headers.IfNoneMatch == _eTag)
            return Results.StatusCode(304);
        _pages++;
        var page = int.Parse(context.Request.Query["page"].FirstOrDefault() ?? "0", CultureInfo.InvariantCulture);
        if (_eTag is not null)
            context.Response.Headers.ETag = _eTag;
        var next = page + 1 < _rows.Length ? string.Format(CultureInfo.InvariantCulture, $"\"{_next}\"", page + 1) : "null";
        var body = $$"""{"data":{"items":[{{_rows[page]}}]},"next":{{next}}}""";
        _onPage?.Invoke();
        return Results.Text(body, "application/json");
    }

    private string Yaml()
    {
        var source = SampleFile.Source
            .Replace("files: {folder: data, pattern: \"*.csv\", quiet: \"00:00:00\"}",
                $"rest: {{address: {_service.Urls.Single()}/bodies, authorization_path: {_folder["token"]}, items: data.items, next: next, poll_interval: '00:00:00.050'}}", StringComparison.Ordinal)
            .Replace("{name: title, type: text}", "{name: title, column: name.full, type: text}", StringComparison.Ordinal);
        return SampleFile.Head + source + "    withdraw_percent_max: 100\n";
    }
}

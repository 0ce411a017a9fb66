using System.Security.Cryptography;
using DataExchange.Broker.Audit;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Catalogue.Storage;
using DataExchange.FunctionalTests.Hub;
using DataExchange.Testing;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>What the catalogue says holds within five seconds, and nothing leaves without its audit entry.</summary>
[TestFixture]
internal sealed class CatalogueTests
{
    private static readonly TimeSpan InForceWithin = TimeSpan.FromSeconds(5);

    [Test]
    public async Task Lookup_GrantEnded_IsRefusedWithin5Seconds()
    {
        await using var exchange = await TestExchange.StartAsync();
        await exchange.PublishAsync(Ask.Body(1), "kept", "lane");
        var lookups = exchange.Lookups();
        await lookups.LookupAsync(Ask.About(Ask.Body(1), Ask.Held));

        await exchange.ApplyAsync(exchange.Catalogue with { GrantValidUntil = "2020-01-02" });

        await Eventually.Async("a refusal", () => RefusalAsync(lookups, Ask.About(Ask.Body(1), Ask.Held)), reason => reason == "NOT_GRANTED", InForceWithin);
    }

    [Test]
    public async Task Lookup_RightToLinkWithdrawnAndGivenBack_FollowsTheLinkOnlyWhileItIsThere()
    {
        await using var exchange = await TestExchange.StartAsync();
        var linking = exchange.Catalogue with { Linker = TestCatalogue.Registry };
        await exchange.ApplyAsync(linking);
        await Eventually.Async("the right", () => Task.FromResult(Linkers(exchange)), linkers => linkers == 1, InForceWithin);
        exchange.Source.Add(Ask.Body(1), "kept", "lane");
        exchange.Source.Link(Ask.Body(1), Ask.Body(2));
        await exchange.PublishedAsync();
        Assert.That(await OutcomeAsync(), Is.EqualTo(Wire.Outcome.Provided));

        await exchange.ApplyAsync(exchange.Catalogue);
        await Eventually.Async("apart", OutcomeAsync, outcome => outcome == Wire.Outcome.Absent, InForceWithin);
        await exchange.ApplyAsync(linking);
        await Eventually.Async("together", OutcomeAsync, outcome => outcome == Wire.Outcome.Provided, InForceWithin);

        async Task<Wire.Outcome> OutcomeAsync() => (await exchange.Lookups().LookupAsync(Ask.About(Ask.Body(2), Ask.Held))).Answers.Single().Outcome;
        static int Linkers(TestExchange exchange) => exchange.Hub.Services.GetRequiredService<CatalogueState>().Current!.Linkers.Count;
    }

    [Test]
    public async Task LookupMany_KeyRemoved_OpenStreamIsCutWithin5Seconds()
    {
        await using var exchange = await TestExchange.StartAsync();
        await exchange.PublishAsync(Ask.Body(1), "kept", "lane");
        using var stream = exchange.Lookups().LookupMany();
        Assert.That(await AskAsync(), Is.Null);

        await exchange.ApplyAsync(exchange.Catalogue with { WelfareKey = exchange.Certificates.Department(TestCatalogue.Stranger) });

        await Eventually.Async("the stream's end", AskAsync, reason => reason == "KEY_NOT_REGISTERED", InForceWithin);

        async Task<string?> AskAsync()
        {
            try
            {
                await stream.RequestStream.WriteAsync(new Wire.LookupManyRequest { Lookups = { Ask.About(Ask.Body(1), Ask.Held) } });
            }
            catch (Exception ended) when (ended is RpcException or InvalidOperationException or OperationCanceledException)
            {
                // The stream's status says why; reading gives it.
            }

            try
            {
                return await stream.ResponseStream.MoveNext(default) ? null : "ended without a reason";
            }
            catch (RpcException refused)
            {
                return ReasonOf(refused);
            }
        }
    }

    [Test, Category("PostgreSql")]
    public async Task Hub_PostgreSqlCatalogue_AnswersAndFollowsIt()
    {
        var connection = await (await SharedServers.PostgresAsync()).CreateDatabaseAsync($"hub_{Guid.NewGuid():N}");
        var settings = new Dictionary<string, string?> { ["Catalogue:Provider"] = "postgresql", ["Catalogue:ConnectionString"] = connection };
        await using var exchange = await TestExchange.StartAsync(settings, database: new CatalogueDatabase(CatalogueProvider.Postgresql, connection));
        await exchange.PublishAsync(Ask.Body(1), "kept", "lane");
        var lookups = exchange.Lookups();

        var answer = await lookups.LookupAsync(Ask.About(Ask.Body(1), Ask.Held, Ask.Located));
        await exchange.ApplyAsync(exchange.Catalogue with { GrantValidUntil = "2020-01-02" });

        Assert.That(answer.Answers.Select(a => a.Evidence.Single().Value.Text), Is.EqualTo(["kept", "lane"]));
        await Eventually.Async("a refusal", () => RefusalAsync(lookups, Ask.About(Ask.Body(1), Ask.Held)), reason => reason == "NOT_GRANTED", InForceWithin);
    }

    [Test]
    public async Task Lookup_AuditCannotBeWritten_IsRefusedAndNothingAnswered()
    {
        var settings = new Dictionary<string, string?> { ["Audit:FreeBytesMin"] = "1099511627776" };
        await using var exchange = await TestExchange.StartAsync(settings);
        Assume.That(new DriveInfo(exchange.AuditFolder).AvailableFreeSpace, Is.LessThan(1L << 40), "a disk with less than 1 TiB free");
        exchange.Logs.Expect("AuditNoRoom");
        await exchange.PublishAsync(Ask.Body(1), "kept", "lane");
        using var stream = exchange.Lookups().LookupMany();

        var alone = await RefusalAsync(exchange.Lookups(), Ask.About(Ask.Body(1), Ask.Held));
        var malformed = await RefusalAsync(exchange.Lookups(), new Wire.LookupRequest());
        await stream.RequestStream.WriteAsync(new Wire.LookupManyRequest { Lookups = { Ask.About(Ask.Body(1), Ask.Held) } });
        await stream.ResponseStream.MoveNext(default);

        Assert.That((alone, malformed), Is.EqualTo(("AUDIT_UNAVAILABLE", "AUDIT_UNAVAILABLE")));
        Assert.That(stream.ResponseStream.Current.Results.Single().Refusal.Reason, Is.EqualTo("AUDIT_UNAVAILABLE"));
        Assert.That(new AuditReader(exchange.AuditFolder).Count, Is.Zero);
    }

    [Test]
    public async Task Lookup_AnsweredOrRefused_HasItsAuditEntryWhereTheReceiptSays()
    {
        await using var exchange = await TestExchange.StartAsync();
        await exchange.PublishAsync(Ask.Body(1), "kept", "lane");
        var refused = Ask.About(Ask.Body(1), Ask.Held);
        refused.Purpose = "curiosity";
        var malformed = Ask.About(Ask.Body(1));
        var good = Ask.About(Ask.Body(1), Ask.Held, Ask.Located);
        using var stream = exchange.Lookups().LookupMany();

        var alone = await exchange.Lookups().LookupAsync(good);
        await stream.RequestStream.WriteAsync(new Wire.LookupManyRequest { Lookups = { good, refused, malformed } });
        await stream.ResponseStream.MoveNext(default);
        var results = stream.ResponseStream.Current.Results;

        var log = new AuditReader(exchange.AuditFolder);
        Assert.That(log.Count, Is.EqualTo(4), "one entry each");
        VerifyEntry(log, good, alone.Receipt, Wire.Decision.Allowed, "", alone);
        VerifyEntry(log, good, results[0].Answer.Receipt, Wire.Decision.Allowed, "", results[0].Answer);
        VerifyEntry(log, refused, results[1].Refusal.Receipt, Wire.Decision.Refused, "NOT_GRANTED", null);
        VerifyEntry(log, malformed, results[2].Refusal.Receipt, Wire.Decision.Refused, "REQUEST_INVALID", null);
    }

    private static void VerifyEntry(
        AuditReader log, Wire.LookupRequest request, Wire.Receipt receipt, Wire.Decision decision, string reason, Wire.LookupResponse? answer)
    {
        var leaf = log.Read(receipt.EntryIndex).First().ToArray();
        var entry = Wire.AuditEntry.Parser.ParseFrom(leaf);
        var unreceipted = answer?.Clone();
        unreceipted?.Receipt = null;

        Assert.That(receipt.LogId, Is.EqualTo(log.LogId));
        Assert.That(receipt.EntryHash.ToByteArray(), Is.EqualTo(SHA256.HashData([0, .. leaf])));
        Assert.That(entry.RequestHash.ToByteArray(), Is.EqualTo(Salted(receipt, request)));
        Assert.That(entry.AnswerHash.ToByteArray(), Is.EqualTo(unreceipted is null ? [] : Salted(receipt, unreceipted)));
        Assert.That((entry.Consumer, entry.Decision, entry.Reason), Is.EqualTo((TestCatalogue.Welfare, decision, reason)));
        Assert.That(entry.Outcomes, Is.EqualTo(answer?.Answers.Select(a => a.Outcome) ?? []));
    }

    private static byte[] Salted(Wire.Receipt receipt, IMessage message) => SHA256.HashData([.. receipt.Salt, .. message.ToByteArray()]);

    private static async Task<string?> RefusalAsync(Wire.LookupService.LookupServiceClient lookups, Wire.LookupRequest request)
    {
        try
        {
            await lookups.LookupAsync(request);
            return null;
        }
        catch (RpcException refused)
        {
            return ReasonOf(refused);
        }
    }

    private static string? ReasonOf(RpcException refused) => refused.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason;
}

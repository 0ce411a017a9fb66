using System.Collections.Concurrent;
using DataExchange.Broker.Audit;
using DataExchange.Contracts;
using DataExchange.FunctionalTests.Hub;
using Google.Rpc;
using Grpc.Core;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>What somebody learns who holds a department's key: with a grant, how many numbers can be tried; without one, nothing at all.</summary>
internal sealed class EnumerationTests
{
    private const string AreaAndBirthday = "11010518490101";
    private const int Candidates = 1_000;
    private const int TriedMax = 20;
    private const int Pairs = 10_000;
    private const int PresentSubjects = 100;
    private const int InFlight = 16;

    [Test]
    public async Task Lookup_AllNumbersOfOneAreaAndBirthday_AtMostTwentyAreTried([Values] bool streamed)
    {
        await using var exchange = await TestExchange.StartAsync();
        await exchange.PublishAsync(Candidate(500), "kept", "lane");

        var refusals = streamed ? await AskManyAsync(exchange) : await AskOneByOneAsync(exchange);

        var tried = refusals.Count(refusal => refusal is null);
        TestContext.Out.WriteLine($"{tried} of {Candidates} candidates were answered before the lock");
        Assert.That(refusals, Has.Count.EqualTo(Candidates));
        Assert.That(tried, Is.InRange(1, TriedMax));
        Assert.That(refusals.SkipWhile(refusal => refusal is null), Is.All.EqualTo("BUDGET_EXHAUSTED"), "there or not");
        var entries = new AuditReader(exchange.AuditFolder);
        Assert.That(entries.Count, Is.EqualTo(Candidates), "each is in the audit log");
        var last = Wire.AuditEntry.Parser.ParseFrom(entries.Read(Candidates - 1).First().Span);
        Assert.That((last.Decision, last.Reason), Is.EqualTo((Wire.Decision.Refused, "BUDGET_EXHAUSTED")));
        Assert.That((await exchange.Lookups().LookupAsync(Ask.About(Ask.Body(1), Ask.Held))).Answers, Has.Count.EqualTo(1), "other work goes on");
    }

    [Test]
    public async Task Lookup_BudgetSpent_SaysWhenToAskAgainAndNothingOfTheSubject()
    {
        await using var exchange = await TestExchange.StartAsync(new() { ["Budget:SubjectsMax"] = "1" });
        await exchange.PublishAsync(Ask.Body(2), "kept", "lane");
        var lookups = exchange.Lookups();
        await lookups.LookupAsync(Ask.About(Ask.Body(1), Ask.Held));

        var present = await RefusalAsync(lookups, Ask.About(Ask.Body(2), Ask.Held));
        var absent = await RefusalAsync(lookups, Ask.About(Ask.Body(3), Ask.Held));

        Assert.That(Visible(present), Is.EqualTo(Visible(absent)));
        Assert.That(present.GetRpcStatus()!.GetDetail<RetryInfo>()!.RetryDelay.ToTimeSpan(), Is.GreaterThan(TimeSpan.FromHours(23)));
        Assert.That(present.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Metadata["budget"], Is.EqualTo("subjects"));
    }

    [Test]
    public async Task Lookup_NotGranted_AnswersTheSameWhetherTheSubjectIsThereOrNot()
    {
        await using var exchange = await TestExchange.StartAsync();
        for (var n = 1; n <= PresentSubjects; n++)
            exchange.Source.Add(Ask.Body((ulong)n), "kept", "lane");
        await exchange.PublishAsync(Ask.Body(PresentSubjects + 1), "kept", "lane");
        var lookups = exchange.Lookups();
        var differing = new ConcurrentBag<string>();

        await Parallel.ForAsync(0, Pairs, new ParallelOptions { MaxDegreeOfParallelism = InFlight }, async (pair, _) =>
        {
            var present = await RefusalAsync(lookups, Denied((ulong)(pair % PresentSubjects) + 1));
            var absent = await RefusalAsync(lookups, Denied((ulong)pair + 1_000_000));
            if (Visible(present) != Visible(absent))
                differing.Add($"{Visible(present)} / {Visible(absent)}");
        });

        Assert.That(differing, Is.Empty);
    }

    private static Wire.LookupRequest Denied(ulong body)
    {
        var request = Ask.About(Ask.Body(body), Ask.Held);
        (request.Purpose, request.RequestId) = ("curiosity", "r-1");
        return request;
    }

    private static Identifier Candidate(int sequence)
    {
        var first = $"{AreaAndBirthday}{sequence:D3}";
        return new Identifier(CnResidentScheme.SchemeName, first + CnResidentScheme.CheckCharacterOf(first));
    }

    private static async Task<List<string?>> AskOneByOneAsync(TestExchange exchange)
    {
        var lookups = exchange.Lookups();
        var refusals = new List<string?>();
        for (var n = 0; n < Candidates; n++)
        {
            try
            {
                await lookups.LookupAsync(Ask.About(Candidate(n), Ask.Held));
                refusals.Add(null);
            }
            catch (RpcException refused)
            {
                refusals.Add(refused.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason);
            }
        }

        return refusals;
    }

    private static async Task<List<string?>> AskManyAsync(TestExchange exchange)
    {
        using var stream = exchange.Lookups().LookupMany();
        var refusals = new List<string?>();
        foreach (var message in Enumerable.Range(0, Candidates).Chunk(WireLimits.LookupsPerMessageMax))
        {
            await stream.RequestStream.WriteAsync(new Wire.LookupManyRequest { Lookups = { message.Select(n => Ask.About(Candidate(n), Ask.Held)) } });
            await stream.ResponseStream.MoveNext(default);
            refusals.AddRange(stream.ResponseStream.Current.Results.Select(result => result.Refusal?.Reason));
        }

        return refusals;
    }

    private static async Task<RpcException> RefusalAsync(Wire.LookupService.LookupServiceClient lookups, Wire.LookupRequest request)
    {
        try
        {
            await lookups.LookupAsync(request);
        }
        catch (RpcException refused)
        {
            return refused;
        }

        throw new AssertionException("It was answered.");
    }

    /// <summary>All that a caller sees, but for the place in the audit log and the request's own id, which every answer has another of.</summary>
    private static string Visible(RpcException refused)
    {
        var status = refused.GetRpcStatus()!;
        var info = status.GetDetail<ErrorInfo>()!;
        var changing = new[] { "auditEntry", "requestId" }.Where(info.Metadata.Remove).Count();
        var other = status.Details.Where(detail => !detail.Is(ErrorInfo.Descriptor)).Select(detail => detail.ToString());
        var trailers = refused.Trailers.Select(trailer => trailer.Key).Order();
        // Without the date, whose length does not change.
        return $"{refused.Status.StatusCode} {refused.Status.Detail} {info} {string.Join(' ', other)} {changing} {string.Join(' ', trailers)}";
    }
}

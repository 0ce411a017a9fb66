using System.Collections.Concurrent;
using DataExchange.Broker.Audit;
using DataExchange.Contracts;
using DataExchange.FunctionalTests.Hub;
using DataExchange.Testing;
using Google.Rpc;
using Grpc.Core;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>What somebody learns who holds a department's key: with a grant, how many numbers can be tried; without one, nothing at all.</summary>
internal sealed class EnumerationTests
{
    private const string AreaAndBirthday = "11010518490101";
    private const string Snoop = "CANARY-CLERK-7f31";
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
    public async Task Lookup_OneOfficialGoesThroughNumbers_IsStoppedAloneAndNamedByAKeyOnly()
    {
        await using var exchange = await TestExchange.StartAsync(new() { ["Budget:OperatorSubjectsMax"] = "100", ["Lookup:OperatorRequired"] = "true" });
        await exchange.PublishAsync(Ask.Body(1), "kept", "lane");
        var lookups = exchange.Lookups();

        // Each in a case of its own and of another area: only what the official asks about adds up.
        var tried = 0;
        for (var n = 2; n < Candidates && await ReasonAsync(lookups, By(Ask.Body((ulong)n), Snoop)) is null; n++)
            tried++;

        TestContext.Out.WriteLine($"{tried} numbers of which nothing is known were tried by one official before the lock");
        Assert.That(tried, Is.InRange(1, 5));
        Assert.That(await ReasonAsync(lookups, By(Ask.Body(Candidates), Snoop)), Is.EqualTo("BUDGET_EXHAUSTED"));
        Assert.That(await ReasonAsync(lookups, By(Ask.Body(1), "clerk-8")), Is.Null, "a colleague goes on");
        Assert.That(await ReasonAsync(lookups, By(Ask.Body(1), "")), Is.EqualTo("REQUEST_INVALID"), "who asks has to be said");
        var entries = new AuditReader(exchange.AuditFolder).Read().Select(entry => Wire.AuditEntry.Parser.ParseFrom(entry.Span)).ToList();
        Assert.That(entries.Where(entry => entry.OperatorKey.Length > 0).GroupBy(entry => entry.OperatorKey).Select(group => group.Count()), Is.EqualTo(new[] { tried + 2, 1 }));
        await exchange.StopAsync();
        new CanaryScan(Snoop).Files(exchange.DataFolder).VerifyNone();
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

    [Test]
    public async Task Lookup_TwoConsumersSideBySide_EachGetsItsOwnAnswersOnly()
    {
        await using var exchange = await TestExchange.StartAsync();
        await exchange.ApplyAsync(exchange.Catalogue with { ForeignAsks = true });
        for (var n = 1; n < PresentSubjects; n++)
            exchange.Source.Add(Ask.Body((ulong)n), $"kept-{n}", $"lane-{n}");
        await exchange.PublishAsync(Ask.Body(PresentSubjects), $"kept-{PresentSubjects}", $"lane-{PresentSubjects}");
        var (welfare, foreign) = (exchange.Lookups(), new Wire.LookupService.LookupServiceClient(exchange.Connect(TestCatalogue.Foreign)));
        await Eventually.Async("foreign's grant", async () => await ReasonAsync(foreign, Abroad(1, Ask.Held)) is null);
        var crossed = new ConcurrentBag<string>();

        await Parallel.ForAsync(0, Pairs, new ParallelOptions { MaxDegreeOfParallelism = InFlight }, async (turn, cancellationToken) =>
        {
            var n = (turn % PresentSubjects) + 1;
            var asked = turn % 2 == 0 ? Ask.About(Ask.Body((ulong)n), Ask.Held, Ask.HeldByForeign) : Abroad(n, Ask.Held);
            asked.RequestId = $"turn-{turn}";
            var answer = await (turn % 2 == 0 ? welfare : foreign).LookupAsync(asked, cancellationToken: cancellationToken);
            var values = answer.Answers.SelectMany(a => a.Evidence).Select(evidence => evidence.Value.Text);
            if (answer.RequestId != asked.RequestId || !answer.Answers.Select(a => a.Attribute).SequenceEqual(asked.Attributes) || !values.SequenceEqual([$"kept-{n}"]))
                crossed.Add($"{asked} / {answer}");
            // What the other has just been given is still not for this one.
            if (turn % 20 == 1 && await ReasonAsync(foreign, Abroad(n, Ask.Held, Ask.Located)) != "NOT_GRANTED")
                crossed.Add($"{asked}: the located one too");
        });

        Assert.That(crossed, Is.Empty);

        static Wire.LookupRequest Abroad(int n, params AttributeId[] attributes)
        {
            var request = Ask.About(Ask.Body((ulong)n), attributes);
            request.Purpose = TestCatalogue.ForeignPurpose;
            return request;
        }
    }

    private static Wire.LookupRequest By(Identifier subject, string official)
    {
        var request = Ask.About(subject, Ask.Held);
        request.Operator = official;
        return request;
    }

    private static async Task<string?> ReasonAsync(Wire.LookupService.LookupServiceClient lookups, Wire.LookupRequest request)
    {
        try
        {
            await lookups.LookupAsync(request);
            return null;
        }
        catch (RpcException refused)
        {
            return refused.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason;
        }
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
            refusals.Add(await ReasonAsync(lookups, Ask.About(Candidate(n), Ask.Held)));

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

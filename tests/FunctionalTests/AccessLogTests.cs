using DataExchange.Broker.Publication;
using DataExchange.Cli.Audit;
using DataExchange.Contracts;
using DataExchange.FunctionalTests.Hub;
using DataExchange.Testing;
using DataExchange.Transparency.Notes;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>The subject's own view: every access shows, within seconds, with a proof that it is all.</summary>
[TestFixture]
internal sealed class AccessLogTests
{
    private static readonly TimeSpan VisibleWithin = TimeSpan.FromSeconds(5);
    private static int _bodies = 100;

    private TestExchange _exchange = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _exchange = await TestExchange.StartAsync(new()
    {
        // Any attribute of the catalogue can stand for the access log: who is granted it may list.
        ["Accesses:Attribute"] = Ask.HeldByForeign.ToString(),
        ["Lookup:InvestigationBases:0"] = TestCatalogue.LegalBasis,
    });

    [OneTimeTearDown]
    public ValueTask StopAsync() => _exchange.DisposeAsync();

    [Test]
    public async Task List_AfterLookups_ShowsEachWithinFiveSecondsAndProvesItIsAll()
    {
        var (subject, other) = (Next(), Next());
        await _exchange.PublishAsync(subject, "kept", "lane");
        var receipts = new List<ulong>();
        var asked = Ask.About(subject, Ask.Held, Ask.Located);
        for (var at = 0; at < 5; at++)
        {
            receipts.Add((await LookUpAsync(asked)).EntryIndex);
            await LookUpAsync(Ask.About(other, Ask.Held));
        }

        var listing = await Eventually.Async("all accesses", () => ListAsync(subject), list => list.Accesses.Count >= 5, VisibleWithin);

        Assert.That(listing.Fault, Is.Null);
        Assert.That(Lookups(listing), Is.EqualTo(receipts));
        var first = listing.Accesses[0].Entry;
        Assert.That((first.Consumer, first.Purpose, first.CaseId, first.Outcomes.Count), Is.EqualTo((TestCatalogue.Welfare, TestCatalogue.Purpose, asked.CaseId, 2)));
    }

    [Test]
    public async Task List_OfAnUnknownSubject_ShowsWhoAskedInVain()
    {
        var subject = Next();
        var receipt = await LookUpAsync(Ask.About(subject, Ask.Held));

        var listing = await Eventually.Async("the access", () => ListAsync(subject), list => list.Accesses.Count > 0, VisibleWithin);

        Assert.That(Lookups(listing), Is.EqualTo(new[] { receipt.EntryIndex }));
    }

    [Test]
    public async Task List_ListedBefore_ShowsThatListing()
    {
        var subject = Next();
        await ListAsync(subject);

        var listing = await Eventually.Async("the listing", () => ListAsync(subject), list => list.Accesses.Count > 0, VisibleWithin);

        Assert.That(listing.Accesses[0].Entry.Kind, Is.EqualTo(Wire.AccessKind.AccessLog));
    }

    [Test]
    public async Task List_DisclosureDeferred_HidesItUntilThenAndNoLonger()
    {
        var subject = Next();
        var open = await LookUpAsync(Ask.About(subject, Ask.Held));
        var request = Ask.About(subject, Ask.Held);
        request.DiscloseAfter = Timestamp.FromDateTimeOffset(DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 6));
        var hidden = await LookUpAsync(request);
        var later = await LookUpAsync(Ask.About(subject, Ask.Held));

        var before = await Eventually.Async("the access after the hidden one", () => ListAsync(subject), list => Lookups(list).Contains(later.EntryIndex), VisibleWithin);
        Assert.That(before.Fault, Is.Null);
        Assert.That(Lookups(before), Is.EqualTo(new[] { open.EntryIndex, later.EntryIndex }));
        Assert.That(Published.ReadEntry(hidden.EntryIndex, Published.Current!.Checkpoint.Size).Length, Is.Positive, "the auditor has it");

        var after = await Eventually.Async("the hidden access", () => ListAsync(subject), list => Lookups(list).Contains(hidden.EntryIndex));
        Assert.That(after.Fault, Is.Null);
        Assert.That(Lookups(after), Is.EqualTo(new[] { open.EntryIndex, hidden.EntryIndex, later.EntryIndex }));
    }

    [Test]
    public async Task List_WithoutTheGrant_IsRefusedInTheSameWordsForAnybody()
    {
        var (known, unknown) = (Next(), Next());
        await _exchange.PublishAsync(known, "kept", "lane");

        var refusals = new List<(StatusCode, string)>();
        foreach (var subject in new[] { known, unknown })
        {
            var refused = await Assert.ThrowsAsync<RpcException>(() => ListAsync(subject, TestCatalogue.Registry));
            refusals.Add((refused!.StatusCode, refused.Status.Detail));
        }

        Assert.That(refusals, Is.All.EqualTo((StatusCode.PermissionDenied, ErrorReasons.NotGranted.Meaning)).Or.All.EqualTo(refusals[0]));
        Assert.That(refusals[0].Item1, Is.EqualTo(StatusCode.PermissionDenied));
    }

    [Test]
    public async Task List_Malformed_NamesTheFields()
    {
        var client = new Wire.AccessLogService.AccessLogServiceClient(_exchange.Connect(TestCatalogue.Welfare));
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await client.ListAccesses(new()).ResponseStream.MoveNext(default));

        Assert.That(
            refused!.GetRpcStatus()!.GetDetail<Google.Rpc.BadRequest>()!.FieldViolations.Select(violation => violation.Field),
            Is.EqualTo(new[] { "identifier", "purpose", "legal_basis", "case_id" }));
    }

    private PublishedLog Published => _exchange.Hub.Services.GetRequiredService<PublishedLog>();

    private static IEnumerable<ulong> Lookups(AccessListing listing) =>
        listing.Accesses.Where(access => access.Entry.Kind == Wire.AccessKind.Unspecified).Select(access => access.Index);

    private static Identifier Next() => Ask.Body((ulong)Interlocked.Increment(ref _bodies));

    private async Task<Wire.Receipt> LookUpAsync(Wire.LookupRequest request) => (await _exchange.Lookups().LookupAsync(request)).Receipt;

    private async Task<AccessListing> ListAsync(Identifier subject, string department = TestCatalogue.Welfare)
    {
        var client = new Wire.AccessLogService.AccessLogServiceClient(_exchange.Connect(department));
        using var call = client.ListAccesses(new()
        {
            Identifier = subject.ToWire(), Purpose = TestCatalogue.Purpose, LegalBasis = TestCatalogue.LegalBasis, CaseId = "view-1",
        });
        return await AccessListing.ReadAsync(call.ResponseStream, NoteKey.Parse(Published.Signer.Key.ToString())!, default);
    }
}

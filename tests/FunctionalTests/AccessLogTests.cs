using DataExchange.Broker.Audit;
using DataExchange.Broker.Publication;
using DataExchange.Cli.Audit;
using DataExchange.Contracts;
using DataExchange.FunctionalTests.Hub;
using DataExchange.Hosting;
using DataExchange.Testing;
using DataExchange.Transparency;
using DataExchange.Transparency.Notes;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
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
        Assert.That(Published.Newest.ReadEntry(hidden.EntryIndex, Published.Newest.Current!.Checkpoint.Size).Length, Is.Positive, "the auditor has it");

        var after = await Eventually.Async("the hidden access", () => ListAsync(subject), list => Lookups(list).Contains(hidden.EntryIndex));
        Assert.That(after.Fault, Is.Null);
        Assert.That(Lookups(after), Is.EqualTo(new[] { open.EntryIndex, hidden.EntryIndex, later.EntryIndex }));
    }

    // The listing spans both logs, and the deletion of the old one takes what it says out of it.
    [Test]
    public async Task List_AfterARotationAndADeletion_ShowsWhatTheLogsStillSay()
    {
        var subject = Next();
        var before = await LookUpAsync(Ask.About(subject, Ask.Held));
        var audit = _exchange.Hub.Services.GetRequiredService<IOptions<AuditOptions>>().Value;
        audit.RotateEvery = TimeSpan.FromMilliseconds(1);
        await Eventually.Async("the next log", () => Published.All.Count > 1);
        audit.RotateEvery = TimeSpan.FromDays(365);
        var after = await LookUpAsync(Ask.About(subject, Ask.Held));

        var listing = await Eventually.Async("both accesses", () => ListAsync(subject), list => Lookups(list).Contains(after.EntryIndex) && list.Accesses.Count > 1, VisibleWithin);

        Assert.That(listing.Fault, Is.Null);
        Assert.That(
            listing.Accesses.Where(access => access.Entry.Kind == Wire.AccessKind.Unspecified).Select(access => (access.LogId, access.Index)),
            Is.EqualTo(new[] { (before.LogId, before.EntryIndex), (after.LogId, after.EntryIndex) }));
        var proofs = new Wire.AuditService.AuditServiceClient(_exchange.Connect(TestCatalogue.Welfare));
        var proof = await proofs.GetInclusionProofAsync(new() { LogId = before.LogId, EntryIndex = before.EntryIndex });
        var head = Checkpoint.Parse(SignedNote.Parse(proof.Checkpoint.Span)!.Text)!;
        Assert.That(
            MerkleProof.VerifyInclusion(before.EntryIndex, head.Size, new MerkleHash(before.EntryHash.Span), head.Root, [.. proof.Hashes.Select(hash => new MerkleHash(hash.Span))]), Is.True);

        audit.Retention = TimeSpan.Zero;
        _exchange.Hub.Services.GetRequiredService<LogRetention>().Apply();
        Assert.That(Published.All, Has.Count.EqualTo(1));
        audit.Retention = TimeSpan.FromDays(1_096);
        var left = await ListAsync(subject);

        Assert.That(left.Fault, Is.Null);
        Assert.That(left.Accesses.Select(access => access.LogId).Distinct(), Is.EqualTo(new[] { Published.Newest.LogId }));
        Assert.That(left.Logs, Is.EqualTo(new[] { Published.Newest.Signer.Key.Name }), "the reader is told which logs were listed");
        var gone = await Assert.ThrowsAsync<RpcException>(async () => await proofs.GetInclusionProofAsync(new() { LogId = before.LogId, EntryIndex = before.EntryIndex }));
        Assert.That(gone!.StatusCode, Is.EqualTo(StatusCode.NotFound));
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

    // A stream that works takes a place, one that only waits takes none.
    [Test]
    public async Task List_ShareOfItsCallerTaken_WaitsWhileHealthIsWatched()
    {
        await using var exchange = await TestExchange.StartAsync(new() { ["Accesses:Attribute"] = Ask.HeldByForeign.ToString(), ["Grpc:WorkPerPeerMax"] = "1" });
        var channel = exchange.Connect(TestCatalogue.Welfare);
        var health = new Grpc.Health.V1.Health.HealthClient(channel);
        using var watching = health.Watch(new());
        Assert.That(await watching.ResponseStream.MoveNext(default), Is.True);
        var share = exchange.Hub.Services.GetRequiredService<FairShare>();
        var place = await share.EnterAsync(new PeerIdentity(PeerRole.Department, TestCatalogue.Welfare, ""), default);

        var listing = new Wire.AccessLogService.AccessLogServiceClient(channel).ListAccesses(new()
        {
            Identifier = Next().ToWire(), Purpose = TestCatalogue.Purpose, LegalBasis = TestCatalogue.LegalBasis, CaseId = "view-1",
        });
        var first = listing.ResponseStream.MoveNext(default);
        using var another = health.Watch(new());
        Assert.That(await another.ResponseStream.MoveNext(default), Is.True);
        Assert.That(first.IsCompleted, Is.False);
        place.Dispose();

        try
        {
            Assert.That(await first, Is.True);
        }
        catch (RpcException behind) when (behind.StatusCode == StatusCode.Unavailable)
        {
            // No checkpoint yet: it was let in all the same.
        }
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

    private PublishedLogs Published => _exchange.Hub.Services.GetRequiredService<PublishedLogs>();

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
        return await AccessListing.ReadAsync(call.ResponseStream, NoteKey.Parse(Published.Newest.Signer.Key.ToString())!, default);
    }
}

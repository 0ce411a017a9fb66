using System.Security.Cryptography;
using DataExchange.Broker.Audit;
using DataExchange.Broker.Index;
using DataExchange.Broker.Index.Sealing;
using DataExchange.Contracts;
using DataExchange.FunctionalTests.Hub;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>How the audit log names whom a lookup was about, and what is left of it when the subject is erased.</summary>
[TestFixture]
internal sealed class SubjectTrailTests
{
    private TestExchange _exchange = null!;

    private SubjectIndex Index => _exchange.Hub.Services.GetRequiredService<SubjectIndex>();

    [OneTimeSetUp]
    public async Task StartAsync() => _exchange = await TestExchange.StartAsync(new() { ["Erasure:Departments:0"] = TestCatalogue.Foreign });

    [OneTimeTearDown]
    public ValueTask StopAsync() => _exchange.DisposeAsync();

    [Test]
    public async Task Lookup_OfAKnownSubject_IsAuditedUnderItsPseudonym()
    {
        var subject = Ask.Body(1);
        await _exchange.PublishAsync(subject, "held", "live");
        var answers = new[] { await LookUpAsync(subject), await LookUpAsync(subject) };
        var pseudonym = Index.PseudonymsOf(Index.Keys.Of(subject))!.Single();
        Assert.That(answers.Select(answer => SubjectOf(answer.Receipt)), Is.All.EqualTo(pseudonym));
    }

    [Test]
    public async Task Lookup_OfAnUnknownSubject_IsFoundLaterUnderThePseudonymItGot()
    {
        var subject = Ask.Body(2);
        Assert.That(Index.PseudonymsOf(Index.Keys.Of(subject)), Is.Empty);
        var answers = new[] { await LookUpAsync(subject), await LookUpAsync(subject) };
        Assert.That(answers.Select(answer => answer.Answers[0].Outcome), Is.All.EqualTo(Wire.Outcome.Absent));
        Assert.That(answers.Select(answer => SubjectOf(answer.Receipt)), Is.All.EqualTo(Index.PseudonymsOf(Index.Keys.Of(subject))!.Single()));
    }

    [Test]
    public async Task Lookup_Refused_NamesNoSubjectAndTouchesNone([Values] bool isKnown)
    {
        var subject = Ask.Body(isKnown ? 3ul : 4);
        if (isKnown)
            await _exchange.PublishAsync(subject, "held", "live");
        var before = Index.ComputeDigest();
        var request = Ask.About(subject, Ask.Held);
        request.Purpose = "curiosity";
        request.RequestId = $"refused-{isKnown}";
        await Assert.ThrowsAsync<RpcException>(async () => await _exchange.Lookups().LookupAsync(request));

        var entry = Entries().Single(entry => entry.RequestId == request.RequestId);
        Assert.That((entry.SubjectKey.Length, entry.Decision), Is.EqualTo((0, Wire.Decision.Refused)));
        Assert.That(Index.ComputeDigest(), Is.EqualTo(before));
        Assert.That(Index.PseudonymsOf(Index.Keys.Of(subject)), Has.Length.EqualTo(isKnown ? 1 : 0));
    }

    [Test]
    public async Task Erase_BySomebodyNotNamedForIt_IsRefusedAndErasesNothing()
    {
        var subject = Ask.Body(5);
        await _exchange.PublishAsync(subject, "held", "live");
        foreach (var caller in new[] { TestCatalogue.Welfare, TestCatalogue.Registry })
        {
            var refused = await Assert.ThrowsAsync<RpcException>(() => EraseAsync(caller, subject));
            Assert.That((refused!.StatusCode, refused.Status.Detail), Is.EqualTo((StatusCode.PermissionDenied, ErrorReasons.ErasureNotAllowed.Meaning)));
        }
        Assert.That((await LookUpAsync(subject)).Answers[0].Outcome, Is.EqualTo(Wire.Outcome.Provided));
    }

    [Test]
    public async Task Erase_Malformed_NamesTheFieldsAndErasesNothing()
    {
        var refused = await Assert.ThrowsAsync<RpcException>(
            async () => await Erasures(TestCatalogue.Foreign).EraseSubjectAsync(new Wire.EraseSubjectRequest { Identifier = new() { Scheme = "none", Value = "x" } }));
        var fields = refused!.GetRpcStatus()!.GetDetail<Google.Rpc.BadRequest>()!.FieldViolations.Select(violation => violation.Field);
        Assert.That(fields, Is.SupersetOf(new[] { "legal_basis", "case_id" }).And.Some.StartsWith("identifier"));
    }

    [Test]
    public async Task Erase_ASubject_UnlinksItsEntriesWhileEveryByteOfThemStays()
    {
        var subject = Ask.Body(6);
        await _exchange.PublishAsync(subject, "held", "live");
        var before = await LookUpAsync(subject);
        var erased = await EraseAsync(TestCatalogue.Foreign, subject);
        var after = await LookUpAsync(subject);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(erased.Identifiers, Is.EqualTo(1));
            Assert.That(after.Answers.Select(answer => answer.Outcome), Is.All.EqualTo(Wire.Outcome.Absent));
            Assert.That(SubjectOf(after.Receipt), Is.Not.EqualTo(SubjectOf(before.Receipt)));
            Assert.That(Index.PseudonymsOf(Index.Keys.Of(subject)), Is.EqualTo(new[] { SubjectOf(after.Receipt) }), "of the old entries nobody can tell whose they are");
            foreach (var receipt in new[] { before.Receipt, erased.Receipt, after.Receipt })
                Assert.That(SHA256.HashData([0, .. EntryBytes(receipt)]), Is.EqualTo(receipt.EntryHash.ToByteArray()), "the receipts hold");
        }
    }

    private async Task<Wire.LookupResponse> LookUpAsync(Identifier subject) => await _exchange.Lookups().LookupAsync(Ask.About(subject, Ask.Held, Ask.Located));

    private async Task<Wire.EraseSubjectResponse> EraseAsync(string caller, Identifier subject) =>
        await Erasures(caller).EraseSubjectAsync(new Wire.EraseSubjectRequest { Identifier = subject.ToWire(), LegalBasis = "Test Act, section 17", CaseId = "case-2" });

    private Wire.ErasureService.ErasureServiceClient Erasures(string caller) => new(_exchange.Connect(caller));

    private Pseudonym SubjectOf(Wire.Receipt receipt) => Pseudonym.Read(Wire.AuditEntry.Parser.ParseFrom(EntryBytes(receipt)).SubjectKey.Span);

    private byte[] EntryBytes(Wire.Receipt receipt) => new AuditReader(_exchange.AuditFolder).Read(receipt.EntryIndex).First().ToArray();

    private List<Wire.AuditEntry> Entries() => [.. new AuditReader(_exchange.AuditFolder).Read().Select(bytes => Wire.AuditEntry.Parser.ParseFrom(bytes.Span))];
}

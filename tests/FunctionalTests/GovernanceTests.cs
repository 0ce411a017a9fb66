using DataExchange.Cli.Governance;
using DataExchange.Contracts;
using DataExchange.FunctionalTests.Hub;
using DataExchange.Testing;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Grpc.Core.Interceptors;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>From a request for a grant to its revocation, as a consumer's open stream of lookups sees it.</summary>
[TestFixture]
internal sealed class GovernanceTests
{
    private const string Purpose = "housing-aid";
    private const string LegalBasis = "Housing Aid Act";

    private static readonly TimeSpan InForceWithin = TimeSpan.FromSeconds(5);

    private readonly TempFolder _folder = new();
    private DevelopmentIssuer _issuer = null!;
    private TestExchange _exchange = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _issuer = DevelopmentIssuer.Open(_folder["persons"]);
        _exchange = await TestExchange.StartAsync(new() { ["Persons:Issuer"] = DevelopmentIssuer.Name, ["Persons:DevelopmentKeyPath"] = _issuer.PublicKeyPath });
        await _exchange.PublishAsync(Ask.Body(1), "kept", "lane");
    }

    [TearDown]
    public async Task StopAsync() => await _exchange.DisposeAsync();

    [OneTimeTearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public async Task Grant_RequestedApprovedAndRevoked_IsWhatAnOpenStreamGets()
    {
        var welfare = Catalogue(TestCatalogue.Welfare, null);
        var (ann, bob) = (Catalogue(TestCatalogue.Registry, Token("ann", "manage", TestCatalogue.Registry)), Catalogue(TestCatalogue.Registry, Token("bob", "manage", TestCatalogue.Registry)));
        using var stream = _exchange.Lookups().LookupMany();
        var before = await AskAsync(stream);
        Assert.That(before.Refusal?.Reason, Is.EqualTo("NOT_GRANTED"));
        Assert.That(before.Refusal!.Message, Does.EndWith("Apply to the owner with CatalogueService.RequestGrant: registry."));

        var request = (await welfare.RequestGrantAsync(new()
        {
            Attribute = Ask.Held.ToWire(), Purpose = Purpose, LegalBasis = LegalBasis, ValidUntil = TimeProvider.System.GetUtcNow().AddDays(90).ToTimestamp(),
        })).Request;
        var proposal = (await ann.ApproveGrantRequestAsync(new() { Id = request.Id })).Proposal;
        Assert.That((await AskAsync(stream)).Refusal?.Reason, Is.EqualTo("NOT_GRANTED"), "one person is not enough");
        await bob.ApproveProposalAsync(new() { Id = proposal.Id, ContentHash = proposal.ContentHash });
        var answered = await Eventually.Async("an answer", () => AskAsync(stream), result => result.Answer is not null, InForceWithin);
        Assert.That(answered.Answer.Answers.Single().Evidence.Single().Value.Text, Is.EqualTo("kept"));

        await ann.RevokeGrantAsync(new() { Consumer = TestCatalogue.Welfare, Attribute = Ask.Held.ToWire(), Purpose = Purpose, Reason = "misused" });
        var refused = await Eventually.Async("a refusal", () => AskAsync(stream), result => result.Refusal is not null, InForceWithin);
        Assert.That(refused.Refusal.Reason, Is.EqualTo("NOT_GRANTED"));

        var explained = (await welfare.ExplainLookupAsync(new() { RequestId = refused.Refusal.RequestId })).Lookups.Single();
        Assert.That((explained.Attributes.Single().Owner, explained.Attributes.Single().GrantedNow, explained.EntryIndex), Is.EqualTo((TestCatalogue.Registry, false, refused.Refusal.Receipt.EntryIndex)));
    }

    [Test]
    public async Task Suspension_ByOneOperator_EndsAnOpenStreamThatOnlyWaits()
    {
        var op = Catalogue(TestCatalogue.Registry, Token("op", "operate", null));
        using var stream = _exchange.Lookups().LookupMany();
        await AskAsync(stream);
        var waiting = stream.ResponseStream.MoveNext(default);

        await op.SuspendDepartmentAsync(new() { Id = TestCatalogue.Welfare, Reason = "key stolen" });

        var ended = await Assert.ThrowsAsync<RpcException>(() => waiting.WaitAsync(InForceWithin));
        Assert.That(ended!.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason, Is.EqualTo("DEPARTMENT_UNKNOWN"));
    }

    [Test]
    public async Task Refusal_OfUnknownUngrantedAndUnsharedAttributes_IsTheSame()
    {
        var unknown = new AttributeId(DepartmentId.Parse(TestCatalogue.Registry), "no-such-thing");

        var refusals = new List<string>();
        foreach (var (subject, attribute) in new[] { (Ask.Body(1), Ask.Held), (Ask.Body(2), Ask.Held), (Ask.Body(1), unknown), (Ask.Body(2), unknown) })
            refusals.Add(Described(await Assert.ThrowsAsync<RpcException>(() => _exchange.Lookups().LookupAsync(Question(subject, attribute)).ResponseAsync)));

        Assert.That(refusals.Distinct().Count(), Is.EqualTo(1), string.Join('\n', refusals));
        Assert.That(refusals[0], Does.Contain("owners=registry").And.Contain("apply=CatalogueService.RequestGrant").And.Contain("rule=must be granted"));
    }

    /// <summary>All that a refusal says, but for what names the audit entry.</summary>
    private static string Described(RpcException? refusal)
    {
        var status = refusal!.GetRpcStatus()!;
        var info = status.GetDetail<ErrorInfo>()!;
        var metadata = info.Metadata.Where(m => m.Key is not ("auditEntry" or "requestId")).OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"{m.Key}={m.Value}");
        return $"{status.Code} {status.Message} {info.Reason} {string.Join(' ', metadata)} {status.GetDetail<BadRequest>()}";
    }

    private static Wire.LookupRequest Question(Identifier subject, AttributeId attribute)
    {
        var question = Ask.About(subject, attribute);
        (question.Purpose, question.LegalBasis) = (Purpose, LegalBasis);
        return question;
    }

    private static async Task<Wire.LookupResult> AskAsync(AsyncDuplexStreamingCall<Wire.LookupManyRequest, Wire.LookupManyResponse> stream)
    {
        await stream.RequestStream.WriteAsync(new Wire.LookupManyRequest { Lookups = { Question(Ask.Body(1), Ask.Held) } });
        Assert.That(await stream.ResponseStream.MoveNext(default));
        return stream.ResponseStream.Current.Results.Single();
    }

    private string Token(string subject, string role, string? department) =>
        _issuer.Sign(subject, [role], department, TimeSpan.FromHours(1), TimeProvider.System.GetUtcNow());

    private Wire.CatalogueService.CatalogueServiceClient Catalogue(string department, string? token) => token is null
        ? new(_exchange.Connect(department))
        : new(_exchange.Connect(department).Intercept(metadata =>
        {
            metadata.Add("authorization", $"Bearer {token}");
            return metadata;
        }));
}

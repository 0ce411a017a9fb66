using DataExchange.Broker.Index;
using DataExchange.Broker.Ingest;
using DataExchange.Contracts;
using DataExchange.Testing;
using DataExchange.UnitTests.Broker.Ingest;
using NUnit.Framework;
using static DataExchange.UnitTests.Broker.Ingest.IngestSamples;

namespace DataExchange.UnitTests.Testing;

/// <summary>The fake hub's judgement is the hub's: the same batches, and each time the same reason, field and rule.</summary>
internal sealed class BatchJudgeTests
{
    private static readonly FakeCatalogue Catalogue = new(Tax.Value)
    {
        Attributes = [.. IngestSamples.File.Attributes.Where(attribute => attribute.Id.Department == Tax).Select(attribute => new AttributeDeclaration(attribute.Id.Name, attribute.Type, attribute.Holding))],
        LinkRights = [.. IngestSamples.File.LinkRights.Select(right => (right.SchemeA, right.SchemeB))],
    };

    private static readonly BatchJudge Judge = new(Catalogue, KeyId.Of(TaxKey.ExportSubjectPublicKeyInfo()), TaxKey);

    private SubjectKeys _subjectKeys = null!;
    private BatchVerifier _hub = null!;

    [OneTimeSetUp]
    public void CreateHub()
    {
        _subjectKeys = new SubjectKeys(HubKey);
        _hub = new BatchVerifier(CatalogueOf(), _subjectKeys);
    }

    [OneTimeTearDown]
    public void DisposeKeys() => _subjectKeys.Dispose();

    [Test]
    public void Judge_GoodBatch_IsTakenWithCanonicalIdentifiers()
    {
        var good = Batch(first: 7);
        good.Changes[0].Set.Subject.Value = Resident.ToLowerInvariant();

        Assert.That(Judge.Judge(Sign(good), out var batch), Is.Null);

        Assert.That(batch, Is.EqualTo(Batch(first: 7)));
    }

    [TestCaseSource(typeof(BatchRefusals), nameof(BatchRefusals.OfContent))]
    public void Judge_WrongContent_SaysWhatTheHubSays(Action<Wire.ChangeBatch> spoil, ErrorReason reason, string field)
    {
        var batch = Batch(first: 3);
        spoil(batch);

        AssertSameAnswer(Sign(batch), reason, field);
    }

    [Test]
    public void Judge_KeyOfAnother_IsNotRegistered()
    {
        Assert.That(Judge.Judge(Sign(Batch(), HousingKey), out _)?.Reason, Is.EqualTo(ErrorReasons.KeyNotRegistered));
    }

    // Of other departments, and of other keys of its own, the fake hub knows nothing.
    [TestCaseSource(nameof(OwnIdentity))]
    public void Judge_WrongIdentity_SaysWhatTheHubSays(Func<Wire.SignedChangeBatch> make, string caller, ErrorReason reason, string field)
    {
        Assert.That(caller, Is.EqualTo(Catalogue.Department));
        AssertSameAnswer(make(), reason, field);
    }

    private static IEnumerable<TestCaseData> OwnIdentity() =>
        BatchRefusals.OfIdentity().Where(test => Equals(test.Arguments[1], Tax.Value) && !ReferenceEquals(test.Arguments[2], ErrorReasons.KeyNotRegistered));

    private void AssertSameAnswer(Wire.SignedChangeBatch signed, ErrorReason reason, string field)
    {
        var said = Judge.Judge(signed, out var batch);
        var refusal = _hub.Verify(signed, Tax).Refusal!;
        var hub = refusal.Error;

        Assert.That((said?.Reason, said?.Detail, said?.Fields.Single()), Is.EqualTo((hub.Reason, hub.Detail, hub.Fields.Single())));
        Assert.That(batch.FirstSequence, Is.EqualTo(refusal.FirstSequence), "0 where it is not proven");
        Assert.That((hub.Reason, hub.Fields.Single().Field), Is.EqualTo((reason, field)));
    }
}

using CsCheck;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Index;
using DataExchange.Broker.Ingest;
using DataExchange.Contracts;
using Google.Protobuf;
using NUnit.Framework;
using static DataExchange.UnitTests.Broker.Ingest.IngestSamples;

namespace DataExchange.UnitTests.Broker.Ingest;

[TestFixture]
internal sealed class BatchVerifierTests
{
    private SubjectKeys _subjectKeys = null!;
    private BatchVerifier _verifier = null!;

    [OneTimeSetUp]
    public void CreateVerifier()
    {
        _subjectKeys = new SubjectKeys(HubKey);
        _verifier = new BatchVerifier(CatalogueOf(), _subjectKeys);
    }

    [OneTimeTearDown]
    public void DisposeKeys() => _subjectKeys.Dispose();

    [Test]
    public void Verify_BatchWithEveryKindOfChange_IsReadWhole()
    {
        var signed = Sign(Batch(first: 7));

        var batch = _verifier.Verify(signed, Tax).Batch;

        Assert.That(batch, Is.Not.Null);
        var changes = batch!.Changes.ToArray();
        var person = _subjectKeys.Of(new Identifier("cn-resident", Resident));
        var company = _subjectKeys.Of(new Identifier("cn-uscc", Company));
        Assert.Multiple(() =>
        {
            Assert.That(batch.Department, Is.EqualTo(Tax));
            Assert.That(EpochBytes.Of(batch.Epoch), Is.EqualTo(Epoch));
            Assert.That(batch.AcceptedEpoch, Is.Null);
            Assert.That((batch.FirstSequence, batch.LastSequence), Is.EqualTo((7UL, 17UL)));
            Assert.That(batch.PackedAt, Is.EqualTo(Noon));
            Assert.That(changes.Select(c => c.Kind), Is.EqualTo(
                Enumerable.Repeat(ChangeKind.Set, 8).Concat([ChangeKind.Withdraw, ChangeKind.Link, ChangeKind.Unlink])));
            Assert.That(changes.Select(c => c.AsOf), Has.All.EqualTo(Noon));
            Assert.That(changes[..9].Select(c => c.Subject), Has.All.EqualTo(person));
            Assert.That(changes[0].Attribute, Is.EqualTo(AttributeId.Parse("tax/income")));
            Assert.That((changes[0].Held, Wire.Value.Parser.ParseFrom(changes[0].Content.Span)), Is.EqualTo((true, new Wire.Value { Integer = 52_000 })));
            Assert.That((changes[7].Held, changes[7].Content.ToArray()), Is.EqualTo((false, new byte[] { 1, 2, 3 })));
            Assert.That(changes[8].Attribute, Is.EqualTo(AttributeId.Parse("tax/class")));
            Assert.That((changes[9].Subject, changes[9].Other), Is.EqualTo((person, company)));
            Assert.That((changes[10].Subject, changes[10].Other), Is.EqualTo((company, person)));
        });
    }

    [Test]
    public void Verify_OtherSpellingOfAnIdentifier_IsTheSameSubject()
    {
        var batch = Plain(1);
        batch.Changes[0].Set.Subject = Person(Resident.ToLowerInvariant());

        Assert.That(_verifier.Verify(Sign(batch), Tax).Batch!.Changes.Span[0].Subject, Is.EqualTo(_subjectKeys.Of(new Identifier("cn-resident", Resident))));
    }

    [Test]
    public void Verify_SubjectsInTurn_EachKeepsItsOwnKey()
    {
        var batch = Plain(first: 1, changes: 3);
        batch.Changes[1].Set.Subject = new Wire.Identifier { Scheme = "cn-uscc", Value = Company };

        var person = _subjectKeys.Of(new Identifier("cn-resident", Resident));
        var company = _subjectKeys.Of(new Identifier("cn-uscc", Company));
        Assert.That(_verifier.Verify(Sign(batch), Tax).Batch!.Changes.ToArray().Select(c => c.Subject), Is.EqualTo(new[] { person, company, person }));
    }

    [Test]
    public void Verify_Heartbeat_IsABatchWithoutChanges()
    {
        var batch = _verifier.Verify(Sign(Plain(5, changes: 0)), caller: null).Batch;

        Assert.That((batch?.IsHeartbeat, batch?.LastSequence), Is.EqualTo((true, 4UL)));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Verify_BatchOfALoad_IsKnownAsSuch(bool loading)
    {
        var batch = Plain(1);
        batch.Loading = loading;

        Assert.That(_verifier.Verify(Sign(batch), Tax).Batch!.Loading, Is.EqualTo(loading));
    }

    [Test]
    public void Verify_AThousandChanges_IsWithinTheLimit() =>
        Assert.That(_verifier.Verify(Sign(Plain(1, changes: 1_000)), Tax).IsGood, Is.True);

    [Test]
    public void Verify_LastSequencePossible_IsWithinTheLimit() =>
        Assert.That(_verifier.Verify(Sign(Plain(long.MaxValue)), Tax).IsGood, Is.True);

    [Test]
    public void Verify_AcceptedEpochOfTheCatalogue_GoesWithTheBatch()
    {
        var file = IngestSamples.File with { Departments = [new(Tax, "Tax", AcceptedEpoch: Convert.ToHexStringLower(Epoch.Span))] };
        var verifier = new BatchVerifier(CatalogueOf(file with { Keys = [file.Keys[0]] }), _subjectKeys);

        Assert.That(EpochBytes.Of(verifier.Verify(Sign(Plain(1)), Tax).Batch!.AcceptedEpoch!.Value), Is.EqualTo(Epoch));
    }

    [Test]
    public void Verify_FieldOfALaterVersion_IsReadOver()
    {
        // Field 100, varint 1.
        var payload = ByteString.CopyFrom([.. Plain(1).ToByteArray(), 0xA0, 0x06, 0x01]);

        Assert.That(_verifier.Verify(Sign(payload, TaxKey), Tax).IsGood, Is.True);
    }

    [Test]
    public void Verify_NoCatalogueYet_IsUndecided()
    {
        var verification = new BatchVerifier(new CatalogueState(), _subjectKeys).Verify(Sign(Batch()), Tax);

        Assert.That(verification.Refusal?.Error.Reason, Is.EqualTo(ErrorReasons.CatalogueUnavailable));
    }

    [TestCaseSource(typeof(BatchRefusals), nameof(BatchRefusals.OfContent))]
    public void Verify_WrongContent_IsRefusedByFieldAndHeldAgainstTheSigner(Action<Wire.ChangeBatch> spoil, ErrorReason reason, string field)
    {
        var batch = Batch(first: 3);
        spoil(batch);

        var refusal = _verifier.Verify(Sign(batch), Tax).Refusal;

        Assert.Multiple(() =>
        {
            Assert.That(refusal?.Error.Reason, Is.EqualTo(reason));
            Assert.That(refusal?.Error.Fields.Select(f => f.Field), Is.EqualTo(new[] { field }));
            Assert.That(refusal?.Error.Detail, Does.StartWith(field));
            Assert.That(refusal?.Signer, Is.EqualTo(Tax));
        });
    }

    [TestCaseSource(typeof(BatchRefusals), nameof(BatchRefusals.OfIdentity))]
    public void Verify_WrongIdentity_IsRefusedAndHeldAgainstNobody(Func<Wire.SignedChangeBatch> make, string? caller, ErrorReason reason, string field)
    {
        var refusal = _verifier.Verify(make(), caller is null ? null : DepartmentId.Parse(caller)).Refusal;

        Assert.Multiple(() =>
        {
            Assert.That(refusal?.Error.Reason, Is.EqualTo(reason));
            Assert.That(refusal?.Error.Fields.Select(f => f.Field), Is.EqualTo(new[] { field }));
            Assert.That(refusal?.Signer, Is.Null);
            Assert.That((refusal?.FirstSequence, refusal?.LastSequence), Is.EqualTo((0UL, 0UL)));
        });
    }

    [Test]
    public void Verify_LinkOfAnIdentifierWithItself_IsRefused()
    {
        var file = IngestSamples.File with { LinkRights = [new(Tax, "cn-resident", "cn-resident")] };
        var batch = Plain(1);
        batch.Changes[0] = new() { AsOf = batch.PackedAt, Link = new() { Left = Person(), Right = Person(Resident.ToLowerInvariant()) } };

        var refusal = new BatchVerifier(CatalogueOf(file), _subjectKeys).Verify(Sign(batch), Tax).Refusal;

        Assert.That((refusal?.Error.Reason, refusal?.Error.Fields[0].Field), Is.EqualTo((ErrorReasons.BatchMalformed, "changes[0].link")));
    }

    [Test]
    public void Verify_RefusedChange_NamesItsBatchsSequences()
    {
        var batch = Batch(first: 3);
        batch.Changes[1].AsOf = null;

        var refusal = _verifier.Verify(Sign(batch), Tax).Refusal;

        Assert.That((refusal?.FirstSequence, refusal?.LastSequence), Is.EqualTo((3UL, 13UL)));
    }

    [Test]
    public void Verify_MarkedValueInEveryField_IsNeverRepeated()
    {
        const string Marked = "CANARY-4711";
        foreach (var spoil in Spoilers())
        {
            var batch = Batch();
            spoil(batch);
            var refusal = _verifier.Verify(Sign(batch), Tax).Refusal;
            Assert.That(refusal?.Error.ToRpcException().ToString(), Is.Not.Null.And.Not.Contains(Marked));
        }

        static IEnumerable<Action<Wire.ChangeBatch>> Spoilers() =>
        [
            b => b.Changes[0].Set.Subject.Value = Marked,
            b => b.Changes[0].Set.Subject.Scheme = Marked,
            b => b.Changes[0].Set.Attribute = Marked,
            b => b.Changes[0].Set.Value = new() { Text = Marked },
            b => b.Changes[2].Set.Value.Decimal = Marked,
            b => b.Changes[6].Set.Value.Code = Marked + " ",
            b => b.Changes[9].Link.Right.Value = Marked,
            b => b.Department = Marked,
        ];
    }

    [Test]
    public void Verify_AnyMutationOfTheBytes_IsRefusedAndNeverThrows()
    {
        var original = Sign(Batch()).ToByteArray();
        var mutations = Gen.Select(Gen.Int[0, original.Length - 1], Gen.Byte, Gen.Int[0, 3]);
        mutations.Sample((at, value, how) =>
        {
            var bytes = Mutated(original, at, value, how);
            Wire.SignedChangeBatch signed;
            try
            {
                signed = Wire.SignedChangeBatch.Parser.ParseFrom(bytes);
            }
            catch (InvalidProtocolBufferException)
            {
                return;
            }

            var sameSignedContent = signed.Payload.Span.SequenceEqual(Wire.SignedChangeBatch.Parser.ParseFrom(original).Payload.Span);
            var verification = _verifier.Verify(signed, Tax);
            Assert.That(verification.IsGood, Is.False.Or.EqualTo(sameSignedContent));
        }, iter: 3_000);

        static byte[] Mutated(byte[] original, int at, byte value, int how) => how switch
        {
            0 => [.. original[..at], value, .. original[(at + 1)..]],
            1 => [.. original[..at], value, .. original[at..]],
            2 => [.. original[..at], .. original[(at + 1)..]],
            _ => original[..at],
        };
    }

    [Test]
    public void Verify_AnyMutationThatItsOwnerSigned_NeverThrows()
    {
        var original = Batch().ToByteArray();
        Gen.Select(Gen.Int[0, original.Length - 1], Gen.Byte).Array[1, 8].Sample(mutations =>
        {
            var bytes = original.ToArray();
            foreach (var (at, value) in mutations)
                bytes[at] = value;
            var verification = _verifier.Verify(Sign(ByteString.CopyFrom(bytes), TaxKey), Tax);
            Assert.That(verification.IsGood, Is.EqualTo(verification.Refusal is null));
        }, iter: 3_000);
    }

    [Test]
    public void Verify_ManyAtOnce_JudgesEachByItself()
    {
        var good = Sign(Plain(1, changes: 10));
        var forged = good.Clone();
        forged.Signature = Sign(Plain(2, changes: 10)).Signature;

        var judged = new bool[400];
        Parallel.For(0, judged.Length, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => judged[i] = _verifier.Verify(i % 2 == 0 ? good : forged, Tax).IsGood);

        Assert.That(judged, Is.EqualTo(Enumerable.Range(0, judged.Length).Select(i => i % 2 == 0)));
    }
}

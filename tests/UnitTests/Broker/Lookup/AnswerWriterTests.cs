using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Index;
using DataExchange.Broker.Lookup;
using DataExchange.Contracts;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Lookup;

[TestFixture]
internal sealed class AnswerWriterTests
{
    private static readonly DateTimeOffset Now = LookupCatalogue.Now;

    [Test]
    public void Write_HeldFact_IsProvidedWithTheAgeOfItsStream()
    {
        var answer = Write(LookupCatalogue.Income, [Held(7, 1_200)], Stream(TimeSpan.FromSeconds(3)));

        var evidence = answer.Evidence.Single();
        Assert.That(answer.Outcome, Is.EqualTo(Wire.Outcome.Provided));
        Assert.That(evidence.Value.Integer, Is.EqualTo(1_200));
        Assert.That(evidence.Sequence, Is.EqualTo(7));
        Assert.That(evidence.Provider, Is.EqualTo("tax"));
        Assert.That(evidence.Age.ToTimeSpan(), Is.EqualTo(TimeSpan.FromSeconds(3)));
        Assert.That(evidence.ObservedAt.ToDateTimeOffset(), Is.EqualTo(Now.AddSeconds(-3)));
        Assert.That(evidence.AsOf.ToDateTimeOffset(), Is.EqualTo(Now.AddYears(-1)), "since when it holds, whatever its age");
        Assert.That(evidence.Origin, Is.EqualTo(Wire.Origin.Held));
    }

    [Test]
    public void Write_NoFact_IsAbsent() =>
        Assert.That(Write(LookupCatalogue.Income, [], Stream()).Outcome, Is.EqualTo(Wire.Outcome.Absent));

    [Test]
    public void Write_FactsOfOtherAttributes_AreNotGiven()
    {
        var answer = Write(LookupCatalogue.Address, [Held(7, 1_200)], Stream());

        Assert.That(answer.Outcome, Is.EqualTo(Wire.Outcome.Absent));
        Assert.That(answer.Evidence, Is.Empty);
    }

    [Test]
    public void Write_SeveralAttributes_EachGetsItsOwnFactsInTheOrderAsked()
    {
        var found = new Wire.FetchedValue { Value = new() { Text = new string('x', 4_096) }, AsOf = Now.AddYears(-2_000).ToTimestamp() };
        var question = new LookupQuestion(
            default, [LookupCatalogue.Address, LookupCatalogue.Income], LookupCatalogue.Purpose, LookupCatalogue.LegalBasis, "case-1", null, false, "r-1");

        var answer = new AnswerWriter(
            question, LookupCatalogue.Snapshot(), [Stream(), Stream()], [Located(9), Held(8, 2), Held(7, 1)], new FetchedValues([new(found, null), default, default]), Now).Write();

        var response = Wire.LookupResponse.Parser.ParseFrom(answer.Response.Span);
        Assert.That(response.Answers.Select(a => a.Attribute.Name), Is.EqualTo(new[] { "address", "income" }));
        Assert.That(response.Answers[0].Evidence.Select(e => e.Value.Text.Length), Is.EqualTo(new[] { 4_096 }));
        Assert.That(response.Answers[0].Evidence.Single().AsOf, Is.EqualTo(found.AsOf), "before the epoch of Unix");
        Assert.That(response.Answers[1].Evidence.Select(e => e.Value.Integer), Is.EqualTo(new[] { 2, 1 }));
        Assert.That(response.ToByteArray(), Is.EqualTo(answer.Response.ToArray()));
    }

    [Test]
    public void Write_Claim_NamesWhatItIsAClaimOfWhateverTheOutcome()
    {
        var stated = new Fact(LookupCatalogue.Earnings, LookupCatalogue.Housing, 3, Now, new Wire.Value { Integer = 9 }.ToByteArray(), true);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Write(LookupCatalogue.Earnings, [stated], Stream()).Claims, Is.EqualTo(LookupCatalogue.Income.ToWire()));
            Assert.That(Write(LookupCatalogue.Earnings, [], null).Claims, Is.EqualTo(LookupCatalogue.Income.ToWire()));
            Assert.That(Write(LookupCatalogue.Income, [Held(7, 1_200)], Stream()).Claims, Is.Null);
        }
    }

    [Test]
    public void Write_ProviderNeverHeardOf_IsUnavailableNotAbsent()
    {
        var answer = Write(LookupCatalogue.Income, [], null);

        Assert.That(answer.Outcome, Is.EqualTo(Wire.Outcome.Unavailable));
        Assert.That(answer.Reason, Is.EqualTo("PROVIDER_SILENT"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Write_NoFactFromAProviderThatIsLoading_IsUnavailableNotAbsent(bool quarantined)
    {
        var answer = Write(LookupCatalogue.Income, [], Stream(quarantined: quarantined, loading: true), acceptStale: true);

        Assert.That(answer.Outcome, Is.EqualTo(Wire.Outcome.Unavailable));
        Assert.That(answer.Reason, Is.EqualTo("PROVIDER_LOADING"));
    }

    [Test]
    public void Write_FactOfAProviderThatIsLoading_IsProvided() =>
        Assert.That(Write(LookupCatalogue.Income, [Held(7, 1_200)], Stream(loading: true)).Outcome, Is.EqualTo(Wire.Outcome.Provided));

    [TestCase(false)]
    [TestCase(true)]
    public void Write_OlderThanAsked_IsStaleAndGivenOnlyIfAccepted(bool acceptStale)
    {
        var answer = Write(LookupCatalogue.Income, [Held(7, 1_200)], Stream(TimeSpan.FromMinutes(2)), maxAge: TimeSpan.FromMinutes(1), acceptStale: acceptStale);

        Assert.That(answer.Outcome, Is.EqualTo(Wire.Outcome.Stale));
        Assert.That(answer.Reason, Is.EqualTo("OLDER_THAN_ASKED"));
        Assert.That(answer.Evidence, Has.Count.EqualTo(acceptStale ? 1 : 0));
    }

    [Test]
    public void Write_AbsenceOlderThanAsked_IsStaleToo() =>
        Assert.That(
            Write(LookupCatalogue.Income, [], Stream(TimeSpan.FromMinutes(2)), maxAge: TimeSpan.FromMinutes(1)).Outcome,
            Is.EqualTo(Wire.Outcome.Stale));

    [Test]
    public void Write_NoAgeAsked_TheOwnersLimitCounts()
    {
        var catalogue = LookupCatalogue.Snapshot(incomeMaxAge: TimeSpan.FromMinutes(1));

        Assert.That(Write(LookupCatalogue.Income, [Held(7, 1)], Stream(TimeSpan.FromMinutes(2)), catalogue: catalogue).Outcome, Is.EqualTo(Wire.Outcome.Stale));
        Assert.That(
            Write(LookupCatalogue.Income, [Held(7, 1)], Stream(TimeSpan.FromMinutes(2)), maxAge: TimeSpan.FromMinutes(3), catalogue: catalogue).Outcome,
            Is.EqualTo(Wire.Outcome.Provided), "the caller's own limit stands above it");
    }

    [Test]
    public void Write_QuarantinedProvider_IsStale()
    {
        var answer = Write(LookupCatalogue.Income, [Held(7, 1_200)], Stream(quarantined: true), acceptStale: true);

        Assert.That(answer.Outcome, Is.EqualTo(Wire.Outcome.Stale));
        Assert.That(answer.Reason, Is.EqualTo("PROVIDER_QUARANTINED"));
    }

    [Test]
    public void Write_FetchedLive_IsFreshHoweverOldTheStream()
    {
        var found = new Wire.FetchedValue { Value = new() { Text = "Main Street 1" }, AsOf = Now.AddDays(-1).ToTimestamp() };

        var answer = Write(
            LookupCatalogue.Address, [Located(9)], Stream(TimeSpan.FromDays(3)), maxAge: TimeSpan.FromSeconds(1), fetched: [new FetchedFact(found, null)]);

        Assert.That(answer.Outcome, Is.EqualTo(Wire.Outcome.Provided));
        Assert.That(answer.Evidence.Single().Origin, Is.EqualTo(Wire.Origin.FetchedLive));
        Assert.That(answer.Evidence.Single().Age.ToTimeSpan(), Is.EqualTo(TimeSpan.Zero));
        Assert.That(answer.Evidence.Single().AsOf, Is.EqualTo(found.AsOf));
    }

    [Test]
    public void Write_OneOfTwoNotFetched_IsUnavailableWithWhatCouldBeHad()
    {
        var found = new Wire.FetchedValue { Value = new() { Text = "Main Street 1" }, AsOf = Now.ToTimestamp() };

        var answer = Write(
            LookupCatalogue.Address, [Located(9), Located(8)], Stream(), fetched: [new(found, null), new(null, ErrorReasons.ProviderTooSlow)]);

        Assert.That(answer.Outcome, Is.EqualTo(Wire.Outcome.Unavailable));
        Assert.That(answer.Reason, Is.EqualTo("PROVIDER_TOO_SLOW"));
        Assert.That(answer.Evidence, Has.Count.EqualTo(1));
    }

    [Test]
    public void Write_OneOfTwoNotFetchedFromAQuarantinedProvider_GivesNothingStaleUnasked()
    {
        var found = new Wire.FetchedValue { Value = new() { Text = "Main Street 1" }, AsOf = Now.ToTimestamp() };

        var answer = Write(
            LookupCatalogue.Address, [Located(9), Located(8)], Stream(quarantined: true), fetched: [new(found, null), new(null, ErrorReasons.ProviderTooSlow)]);

        Assert.That(answer.Outcome, Is.EqualTo(Wire.Outcome.Unavailable));
        Assert.That(answer.Evidence, Is.Empty);
    }

    [Test]
    public void Write_SuspendedProvider_IsUnavailable()
    {
        var answer = Write(LookupCatalogue.Income, [Held(7, 1_200)], Stream(), catalogue: LookupCatalogue.Snapshot(suspended: true));

        Assert.That(answer.Outcome, Is.EqualTo(Wire.Outcome.Unavailable));
        Assert.That(answer.Evidence, Is.Empty);
    }

    [Test]
    public void Write_ProviderHoldsNothingAnyMore_IsAbsent() =>
        Assert.That(Write(LookupCatalogue.Address, [Located(9)], Stream(), fetched: [default]).Outcome, Is.EqualTo(Wire.Outcome.Absent));

    [Test]
    public void Write_OwnerNoLongerLetsTheHubHold_TheHeldValueIsNotGiven()
    {
        var answer = Write(LookupCatalogue.Income, [Held(7, 1_200)], Stream(), catalogue: LookupCatalogue.Snapshot(Wire.Holding.Located));

        Assert.That(answer.Outcome, Is.EqualTo(Wire.Outcome.Unavailable));
        Assert.That(answer.Evidence, Is.Empty);
    }

    [Test]
    public void Write_SealBroken_IsUnavailableBesideWhatCanBeRead()
    {
        var answer = Write(LookupCatalogue.Income, [Held(8, 2), Held(7, 1) with { Content = default, Broken = true }], Stream());

        Assert.That((answer.Outcome, answer.Reason), Is.EqualTo((Wire.Outcome.Unavailable, "SEAL_BROKEN")));
        Assert.That(answer.Evidence.Select(evidence => evidence.Value.Integer), Is.EqualTo(new[] { 2 }));
    }

    [Test]
    public void Write_ClockSteppedBack_AgeIsNotNegative() =>
        Assert.That(
            Write(LookupCatalogue.Income, [Held(7, 1)], Stream(TimeSpan.FromMinutes(-5))).Evidence.Single().Age.ToTimeSpan(),
            Is.EqualTo(TimeSpan.Zero));

    private static Wire.AttributeAnswer Write(
        AttributeId attribute,
        Fact[] facts,
        StreamSnapshot? stream,
        TimeSpan? maxAge = null,
        bool acceptStale = false,
        FetchedFact[]? fetched = null,
        CatalogueSnapshot? catalogue = null)
    {
        var question = new LookupQuestion(default, [attribute], LookupCatalogue.Purpose, LookupCatalogue.LegalBasis, "case-1", maxAge, acceptStale, "r-1");
        var answer = new AnswerWriter(question, catalogue ?? LookupCatalogue.Snapshot(), [stream], facts, new FetchedValues(fetched), Now).Write();
        var response = Wire.LookupResponse.Parser.ParseFrom(answer.Response.Span);
        Assert.That(response.ToByteArray(), Is.EqualTo(answer.Response.ToArray()), "what a caller serializes again has the hash of the audit entry");
        Assert.That((response.RequestId, response.AnsweredAt.ToDateTimeOffset()), Is.EqualTo(("r-1", Now)));
        Assert.That(response.Answers.Single().Attribute, Is.EqualTo(attribute.ToWire()));
        Assert.That(answer.Outcomes, Is.EqualTo(new[] { (byte)response.Answers.Single().Outcome }));
        return response.Answers.Single();
    }

    private static Fact Held(ulong sequence, long value) => new(
        LookupCatalogue.Income, LookupCatalogue.Tax, sequence, Now.AddYears(-1), new Wire.Value { Integer = value }.ToByteArray(), true);

    private static Fact Located(ulong sequence) => new(LookupCatalogue.Address, LookupCatalogue.Tax, sequence, Now.AddYears(-1), new byte[] { 1, 2, 3 }, false);

    private static StreamSnapshot Stream(TimeSpan age = default, bool quarantined = false, bool loading = false) => new()
    {
        Department = LookupCatalogue.Tax,
        Epoch = 1,
        Watermark = 10,
        Gaps = [],
        Quarantine = quarantined ? new StreamQuarantine(ApplyOutcome.SequenceRewritten, 1, Now) : null,
        CurrentAsOf = Now - age,
        Loading = loading,
    };
}

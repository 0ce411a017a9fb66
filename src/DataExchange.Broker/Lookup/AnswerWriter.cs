using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Index;
using DataExchange.Contracts;
using Google.Protobuf;

namespace DataExchange.Broker.Lookup;

/// <summary>
/// Turns facts into one outcome for each attribute asked. The order of the rules: a provider never heard of tells nothing, and one whose
/// first load is under way nothing about what it has not stated; what could not be fetched is unavailable; what is too old, its absence too, is stale; the rest is provided or absent.
/// </summary>
/// <param name="providers">How current the index is with the provider of each attribute asked.</param>
/// <param name="facts">In the order of the attributes asked.</param>
internal sealed class AnswerWriter(
    LookupQuestion question, CatalogueSnapshot catalogue, StreamSnapshot?[] providers, Fact[] facts, FetchedValues fetched, DateTimeOffset now)
{
    private readonly WireBuffer _response = WireBuffer.OfThread();

    public AnswerBytes Write()
    {
        var outcomes = new byte[question.Attributes.Length];
        _response.Text(Wire.LookupResponse.RequestIdFieldNumber, question.RequestId);
        _response.Moment(Wire.LookupResponse.AnsweredAtFieldNumber, now);
        for (int i = 0, first = 0, end = 0; i < outcomes.Length; i++, first = end)
        {
            while (end < facts.Length && facts[end].Attribute == question.Attributes[i])
                end++;
            outcomes[i] = (byte)Answer(catalogue.Attributes[question.Attributes[i]], providers[i], first, end);
        }

        return new AnswerBytes(_response.Written, outcomes);
    }

    private Wire.Outcome Answer(AttributeModel attribute, StreamSnapshot? provider, int first, int end)
    {
        if (provider?.CurrentAsOf is not { } currentAsOf || catalogue.Departments[attribute.Id.Department].Suspended)
            return Answer(attribute, Wire.Outcome.Unavailable, ErrorReasons.ProviderSilent, default, 0, 0);

        var missing = first == end && provider.Loading ? ErrorReasons.ProviderLoading : null;
        bool held = false, live = false, found = false;
        for (var i = first; i < end; i++)
        {
            held |= facts[i].Held;
            live |= !facts[i].Held;
            if (IsGiven(attribute, i))
                found = true;
            else
                missing = facts[i] switch
                {
                    { Broken: true } => ErrorReasons.SealBroken,
                    { Held: true } => ErrorReasons.ProviderSilent,
                    _ => fetched[i].Missing ?? missing,
                };
        }

        // A held value, and the absence of any fact, are only as fresh as what the hub has heard of the provider.
        var fromIndex = held || !live;
        var stale = provider.Quarantine is not null ? ErrorReasons.ProviderQuarantined
            : fromIndex && Age(currentAsOf) > (question.MaxAge ?? attribute.MaxAge ?? TimeSpan.MaxValue) ? ErrorReasons.OlderThanAsked
            : null;
        if (stale is not null && !question.AcceptStale)
            end = first;
        var outcome = missing is not null ? Wire.Outcome.Unavailable
            : stale is not null ? Wire.Outcome.Stale
            : found ? Wire.Outcome.Provided
            : Wire.Outcome.Absent;
        return Answer(attribute, outcome, missing ?? stale, currentAsOf, first, end);
    }

    /// <summary>
    /// False for a fetched value that there is not (any more), for one held here whose owner has taken back its leave to hold it, and for one
    /// that cannot be unsealed.
    /// </summary>
    private bool IsGiven(AttributeModel attribute, int fact) =>
        facts[fact].Held ? attribute.Holding == Wire.Holding.Held && !facts[fact].Broken : fetched[fact].Value is not null;

    private Wire.Outcome Answer(AttributeModel attribute, Wire.Outcome outcome, ErrorReason? reason, DateTimeOffset currentAsOf, int first, int end)
    {
        var answer = _response.Open(Wire.LookupResponse.AnswersFieldNumber);
        _response.Message(Wire.AttributeAnswer.AttributeFieldNumber, attribute.WireId.Span);
        _response.Number(Wire.AttributeAnswer.OutcomeFieldNumber, (ulong)outcome);
        for (var i = first; i < end; i++)
        {
            if (IsGiven(attribute, i))
                AddEvidence(facts[i], fetched[i].Value, currentAsOf);
        }

        _response.Text(Wire.AttributeAnswer.ReasonFieldNumber, reason?.Name ?? "");
        _response.Bytes(Wire.AttributeAnswer.ClaimsFieldNumber, attribute.WireClaims.Span);
        _response.Close(answer);
        return outcome;
    }

    private void AddEvidence(Fact fact, Wire.FetchedValue? live, DateTimeOffset currentAsOf)
    {
        var observedAt = live is null ? currentAsOf : now;
        var evidence = _response.Open(Wire.AttributeAnswer.EvidenceFieldNumber);
        _response.Message(Wire.Evidence.ValueFieldNumber, live is null ? fact.Content.Span : live.Value.ToByteArray());
        _response.Text(Wire.Evidence.ProviderFieldNumber, fact.Attribute.Department.Value);
        _response.Number(Wire.Evidence.SequenceFieldNumber, fact.Sequence);
        _response.Moment(Wire.Evidence.AsOfFieldNumber, live?.AsOf.ToDateTimeOffset() ?? fact.AsOf);
        _response.Moment(Wire.Evidence.ObservedAtFieldNumber, observedAt);
        _response.Span(Wire.Evidence.AgeFieldNumber, Age(observedAt));
        _response.Number(Wire.Evidence.OriginFieldNumber, (ulong)(live is null ? Wire.Origin.Held : Wire.Origin.FetchedLive));
        _response.Close(evidence);
    }

    // A clock that steps back must not make an age negative.
    private TimeSpan Age(DateTimeOffset observedAt) => observedAt < now ? now - observedAt : TimeSpan.Zero;
}

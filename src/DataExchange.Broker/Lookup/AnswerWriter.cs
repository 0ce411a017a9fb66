using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Index;
using DataExchange.Contracts;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.Broker.Lookup;

/// <summary>
/// Turns facts into one outcome for each attribute asked. The order of the rules: a provider never heard of tells nothing;
/// what could not be fetched is unavailable; what is too old, its absence too, is stale; the rest is provided or absent.
/// </summary>
internal sealed class AnswerWriter(
    LookupQuestion question, CatalogueSnapshot catalogue, Func<DepartmentId, StreamSnapshot?> streamOf, DateTimeOffset now)
{
    private readonly Timestamp _answeredAt = now.ToTimestamp();

    public Wire.LookupResponse Write(IReadOnlyList<Fact> facts, FetchedValues fetched)
    {
        var response = new Wire.LookupResponse { RequestId = question.RequestId, AnsweredAt = _answeredAt };
        foreach (var attribute in question.Attributes)
            response.Answers.Add(Answer(attribute, facts, fetched));
        return response;
    }

    private Wire.AttributeAnswer Answer(AttributeId attribute, IReadOnlyList<Fact> facts, FetchedValues fetched)
    {
        var answer = new Wire.AttributeAnswer { Attribute = attribute.ToWire() };
        var stream = streamOf(attribute.Department);
        if (stream?.CurrentAsOf is not { } currentAsOf || catalogue.Departments[attribute.Department].Suspended)
            return With(answer, Wire.Outcome.Unavailable, ErrorReasons.ProviderSilent);

        ErrorReason? missing = null;
        bool held = false, live = false;
        var model = catalogue.Attributes[attribute];
        for (var i = 0; i < facts.Count; i++)
        {
            if (facts[i].Attribute != attribute)
                continue;
            held |= facts[i].Held;
            live |= !facts[i].Held;
            // The owner has taken back its leave to hold the value: what is still here is not given out.
            if (facts[i].Held && model.Holding != Wire.Holding.Held)
                missing = ErrorReasons.ProviderSilent;
            else if (facts[i].Held)
                Add(answer, facts[i], Wire.Value.Parser.ParseFrom(facts[i].Content.Span), facts[i].AsOf.ToTimestamp(), currentAsOf, Wire.Origin.Held);
            else if (fetched[i].Value is { } found)
                Add(answer, facts[i], found.Value, found.AsOf, now, Wire.Origin.FetchedLive);
            else
                missing = fetched[i].Missing ?? missing;
        }

        // A held value, and the absence of any fact, are only as fresh as what the hub has heard of the provider.
        var fromIndex = held || !live;
        ErrorReason? stale = null;
        if (stream.Quarantine is not null)
            stale = ErrorReasons.ProviderQuarantined;
        else if (fromIndex && Age(currentAsOf) > (question.MaxAge ?? model.MaxAge ?? TimeSpan.MaxValue))
            stale = ErrorReasons.OlderThanAsked;

        if (stale is not null && !question.AcceptStale)
            answer.Evidence.Clear();
        if (missing is not null)
            return With(answer, Wire.Outcome.Unavailable, missing);
        if (stale is not null)
            return With(answer, Wire.Outcome.Stale, stale);
        return With(answer, answer.Evidence.Count > 0 ? Wire.Outcome.Provided : Wire.Outcome.Absent, null);
    }

    private void Add(Wire.AttributeAnswer answer, Fact fact, Wire.Value value, Timestamp asOf, DateTimeOffset observedAt, Wire.Origin origin) =>
        answer.Evidence.Add(new Wire.Evidence
        {
            Value = value,
            Provider = fact.Attribute.Department.Value,
            Sequence = fact.Sequence,
            AsOf = asOf,
            ObservedAt = observedAt.ToTimestamp(),
            Age = Duration.FromTimeSpan(Age(observedAt)),
            Origin = origin,
        });

    // A clock that steps back must not make an age negative.
    private TimeSpan Age(DateTimeOffset observedAt) => observedAt < now ? now - observedAt : TimeSpan.Zero;

    private static Wire.AttributeAnswer With(Wire.AttributeAnswer answer, Wire.Outcome outcome, ErrorReason? reason)
    {
        answer.Outcome = outcome;
        answer.Reason = reason?.Name ?? "";
        return answer;
    }
}

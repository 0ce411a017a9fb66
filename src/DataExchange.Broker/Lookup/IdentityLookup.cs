using System.Security.Cryptography;
using DataExchange.Broker.Audit;
using DataExchange.Broker.Budget;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Index;
using DataExchange.Broker.Policy;
using DataExchange.Contracts;

namespace DataExchange.Broker.Lookup;

/// <summary>Answers "who holds what about this subject, and may the caller see it". <see cref="DecideAsync"/> is the story of one lookup.</summary>
internal sealed class IdentityLookup(
    CatalogueState catalogue,
    DisclosureRule disclosure,
    OperatorRule operators,
    Budgets budgets,
    SubjectKeys subjectKeys,
    SubjectIndex index,
    StreamStates streams,
    LiveFetch live,
    AuditLog audit,
    TimeProvider clock)
{
    /// <summary>Decides lookups side by side, so that their providers are asked at once and their audit entries share one write.</summary>
    /// <param name="consumer">The department whose TLS key made the call; never taken from the request.</param>
    /// <param name="lookups">Up to 100.</param>
    /// <param name="deadline">When the answers have to be with the caller.</param>
    /// <param name="cancellationToken">Ends the work when the caller has gone. What is audited by then stays audited.</param>
    /// <returns>One outcome for each lookup, in order.</returns>
    /// <remarks>MUST NOT return before every audit entry is durable, whether it answers or refuses.</remarks>
    public async Task<LookupOutcome[]> AnswerAsync(
        DepartmentId consumer, ReceivedLookup[] lookups, DateTimeOffset deadline, CancellationToken cancellationToken)
    {
        var salts = RandomNumberGenerator.GetBytes(lookups.Length * LookupTrail.SaltBytes);
        var deciding = new Task<LookupTrail>[lookups.Length];
        for (var i = 0; i < lookups.Length; i++)
        {
            var salt = salts.AsMemory(i * LookupTrail.SaltBytes, LookupTrail.SaltBytes);
            deciding[i] = DecideAsync(new LookupTrail(consumer, lookups[i], salt, clock.GetUtcNow()), deadline, cancellationToken);
        }

        var (trails, entries) = (new LookupTrail[lookups.Length], new ReadOnlyMemory<byte>[lookups.Length]);
        for (var i = 0; i < lookups.Length; i++)
        {
            trails[i] = await deciding[i];
            entries[i] = trails[i].Entry;
        }

        // Durable before it leaves.
        var audited = await audit.AppendAsync(entries, CancellationToken.None);
        var outcomes = new LookupOutcome[lookups.Length];
        for (var i = 0; i < lookups.Length; i++)
            outcomes[i] = audited.Error is { } unwritable ? trails[i].Unwritten(unwritable) : trails[i].At(audited.Values[i]);
        return outcomes;
    }

    private async Task<LookupTrail> DecideAsync(LookupTrail trail, DateTimeOffset deadline, CancellationToken cancellationToken)
    {
        if (catalogue.Current is not { } snapshot)
            return trail.Refused(ExchangeError.Of(ErrorReasons.CatalogueUnavailable));

        // What is asked: every field at fault is named at once.
        var question = LookupQuestion.Read(trail.Request, snapshot, disclosure, operators, out var invalid);
        if (question is null)
            return trail.Refused(invalid!);
        var official = operators.KeyOf(trail.Consumer, question.Operator);
        trail.Asked(question, official);

        // Whether it may be asked: decided from the catalogue alone, so that a refusal can say nothing about the subject.
        var denied = LookupPolicy.Decide(snapshot, trail.Consumer, question.Attributes, question.Purpose, question.LegalBasis, trail.AskedAt);
        if (denied is not null)
            return trail.Refused(denied);

        // Whether the caller has asked too much already: counted before anything is looked up.
        var subject = subjectKeys.Of(question.Identifier);
        var spent = budgets.Spend(trail.Consumer, question.Purpose, question.CaseId, question.Identifier, subject, official, trail.AskedAt);
        if (spent is not null)
            return trail.Refused(spent);

        // How current the index is with each provider: taken before it is read, so that nothing is said to be newer than it is.
        var providers = streams.Capture(question.Attributes);

        // Who holds what, under every identifier that a department which may still link has linked to the one given.
        var cluster = index.ReadCluster(subject, question.Attributes, snapshot.Linkers);
        trail.About(cluster.Pseudonym);
        if (cluster.Reason is { } reason)
            return trail.Refused(ExchangeError.Of(reason));

        // Nobody is asked about without a trace that can be shown to them: an unknown subject gets its pseudonym before the entry is written.
        if (cluster.Pseudonym.IsNone)
        {
            if (await index.MakeKnownAsync(subject, cancellationToken) is not { } pseudonym)
                return trail.Refused(ExchangeError.Of(ErrorReasons.IndexUnavailable));
            trail.About(pseudonym);
        }

        // Values that live only at their provider, all providers side by side, within what is left of the deadline.
        var fetched = await live.FetchAsync(question, trail.Consumer, snapshot, cluster.Facts, deadline, cancellationToken);

        // One outcome for each attribute asked, and nothing else: no fact leaves that was not granted.
        var answer = new AnswerWriter(question, snapshot, providers, cluster.Facts, fetched, clock.GetUtcNow()).Write();
        if (answer.IsMiss)
            budgets.Missed(trail.Consumer, question.Purpose, subject, official);
        return trail.Answered(answer);
    }
}

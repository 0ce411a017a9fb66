using DataExchange.Broker.Audit;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Index;
using DataExchange.Broker.Policy;
using DataExchange.Contracts;

namespace DataExchange.Broker.Lookup;

/// <summary>Answers "who holds what about this subject, and may the caller see it". <see cref="AnswerAsync"/> is the whole story.</summary>
internal sealed class IdentityLookup(
    CatalogueState catalogue,
    SubjectKeys subjectKeys,
    SubjectIndex index,
    StreamStates streams,
    LiveFetch live,
    AuditLog audit,
    TimeProvider clock)
{
    /// <param name="consumer">The department whose TLS key made the call; never taken from the request.</param>
    /// <param name="deadline">When the answer has to be with the caller.</param>
    /// <param name="cancellationToken">Ends the work when the caller has gone. What is audited by then stays audited.</param>
    /// <remarks>MUST NOT return before the audit entry is durable, whether it answers or refuses.</remarks>
    public async Task<LookupOutcome> AnswerAsync(
        DepartmentId consumer, Wire.LookupRequest request, DateTimeOffset deadline, CancellationToken cancellationToken)
    {
        var askedAt = clock.GetUtcNow();
        var trail = new LookupTrail(consumer, request, askedAt);
        if (catalogue.Current is not { } snapshot)
            return await RefuseAsync(trail, ExchangeError.Of(ErrorReasons.CatalogueUnavailable));

        // What is asked: every field at fault is named at once.
        var question = LookupQuestion.Read(request, snapshot, out var invalid);
        if (question is null)
            return await RefuseAsync(trail, invalid!);
        var subject = subjectKeys.Of(question.Identifier);
        trail.Asked(question, subject);

        // Whether it may be asked: decided from the catalogue alone, so that a refusal can say nothing about the subject.
        var denied = LookupPolicy.Decide(snapshot, consumer, question.Attributes, question.Purpose, question.LegalBasis, askedAt);
        if (denied is not null)
            return await RefuseAsync(trail, denied);

        // How current the index is with each provider: taken before it is read, so that nothing is said to be newer than it is.
        var streamOf = streams.Capture(question.Attributes);

        // Who holds what, under every identifier linked to the one given.
        var cluster = index.ReadCluster(subject, question.Attributes);
        if (cluster.Reason is { } reason)
            return await RefuseAsync(trail, ExchangeError.Of(reason));

        // Values that live only at their provider, all providers side by side, within what is left of the deadline.
        var fetched = await live.FetchAsync(question, consumer, snapshot, cluster.Facts, deadline, cancellationToken);

        // One outcome for each attribute asked, and nothing else: no fact leaves that was not granted.
        var response = new AnswerWriter(question, snapshot, streamOf, clock.GetUtcNow()).Write(cluster.Facts, fetched);

        // Durable before it leaves.
        var position = await audit.AppendAsync(trail.Answered(response), CancellationToken.None);
        if (position.Error is { } unwritable)
            return new LookupOutcome(null, unwritable, question.RequestId, null);
        response.Receipt = trail.Receipt(position.Value);
        return new LookupOutcome(response, null, question.RequestId, response.Receipt);
    }

    private async Task<LookupOutcome> RefuseAsync(LookupTrail trail, ExchangeError error)
    {
        var position = await audit.AppendAsync(trail.Refused(error), CancellationToken.None);
        return position.Error is { } unwritable
            ? new LookupOutcome(null, unwritable, trail.RequestId, null)
            : new LookupOutcome(null, error, trail.RequestId, trail.Receipt(position.Value));
    }
}

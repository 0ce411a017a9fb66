using System.Collections.Frozen;
using DataExchange.Broker.Audit;
using DataExchange.Broker.Budget;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Index;
using DataExchange.Broker.Index.Sealing;
using DataExchange.Broker.Policy;
using DataExchange.Broker.Publication;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Accesses;

/// <summary>The subject's view: who looked, when, why, and the proof that this is all. See access.proto.</summary>
internal sealed class AccessLogGrpcService(
    CatalogueState catalogue,
    SubjectKeys subjectKeys,
    SubjectIndex index,
    Budgets budgets,
    AuditLog audit,
    AccessFollower follower,
    AccessIndex accesses,
    PublishedLogs published,
    FairShare share,
    IOptions<AccessOptions> options,
    TimeProvider clock) : Wire.AccessLogService.AccessLogServiceBase
{
    private static readonly TimeSpan FollowingLimit = TimeSpan.FromSeconds(2);

    public override async Task ListAccesses(Wire.ListAccessesRequest request, IServerStreamWriter<Wire.ListAccessesResponse> responseStream, ServerCallContext context)
    {
        // Unlike a stream that waits for what may come, this one works from beginning to end.
        using var place = await share.EnterAsync(context.GetPeer(), context.CancellationToken);
        var now = clock.GetUtcNow();
        var consumer = DepartmentId.Parse(context.GetPeer().Name);
        var snapshot = catalogue.Current ?? throw ExchangeError.Of(ErrorReasons.CatalogueUnavailable).ToRpcException();

        // As in a lookup: decided from the catalogue alone, counted, and entered before anything is answered, a refusal too.
        var question = AccessQuestion.Read(request, snapshot, out var error);
        var pseudonyms = Array.Empty<Pseudonym>();
        if (question is not null && (error = Refusal(snapshot, consumer, question, now)) is null)
            (pseudonyms, error) = await PseudonymsAsync(question.Identifier, snapshot.Linkers);
        var listing = ListedAccesses.Begin(published.All, pseudonyms, now);
        if (error is null && (listing is null || !await follower.ReachesAsync(listing.LogId, listing.LogSize, FollowingLimit, CancellationToken.None)))
            error = ExchangeError.Of(ErrorReasons.AccessLogBehind);
        var entered = await audit.AppendAsync([Entry(request, question, consumer, now, error, pseudonyms).ToByteArray()], CancellationToken.None);
        if ((entered.Error ?? error) is { } refused)
            throw refused.ToRpcException();

        foreach (var part in listing!.Read(accesses))
            await responseStream.WriteAsync(part, context.CancellationToken);
    }

    private ExchangeError? Refusal(CatalogueSnapshot snapshot, DepartmentId consumer, AccessQuestion question, DateTimeOffset now)
    {
        if (!AttributeId.TryParse(options.Value.Attribute, out var attribute))
            return ExchangeError.Of(ErrorReasons.NotGranted);
        return LookupPolicy.Decide(snapshot, consumer, [attribute], question.Purpose, question.LegalBasis, now)
            ?? budgets.Spend(consumer, question.Purpose, question.CaseId, question.Identifier, subjectKeys.Of(question.Identifier), default, now);
    }

    /// <summary>Known first, so that this access has a place in the next listing. Not cancelled: what was read of the index is entered.</summary>
    private async Task<(Pseudonym[] Pseudonyms, ExchangeError? Error)> PseudonymsAsync(Identifier identifier, FrozenSet<DepartmentId> linkers)
    {
        var subject = subjectKeys.Of(identifier);
        if (await index.MakeKnownAsync(subject, CancellationToken.None) is not { } pseudonym)
            return ([], ExchangeError.Of(ErrorReasons.IndexUnavailable));
        return index.PseudonymsOf(subject, linkers) is { } all
            ? (all, null)
            : ([pseudonym], ExchangeError.Of(index.ReadCluster(subject, [], linkers).Reason ?? ErrorReasons.IndexUnavailable));
    }

    private static Wire.AuditEntry Entry(
        Wire.ListAccessesRequest request, AccessQuestion? question, DepartmentId consumer, DateTimeOffset now, ExchangeError? error, Pseudonym[] pseudonyms)
    {
        var entry = new Wire.AuditEntry
        {
            RecordedAt = now.ToTimestamp(),
            RequestId = Guid.NewGuid().ToString("N"),
            Consumer = consumer.Value,
            SubjectKey = pseudonyms.Length == 0 ? ByteString.Empty : ByteString.CopyFrom(pseudonyms[0].ToArray()),
            Kind = Wire.AccessKind.AccessLog,
            Decision = error is null ? Wire.Decision.Allowed : Wire.Decision.Refused,
            Reason = error?.Reason.Name ?? "",
        };
        // What broke a rule could be anything, an identifier too.
        if (question is not null)
            (entry.Purpose, entry.LegalBasis, entry.CaseId) = (request.Purpose, request.LegalBasis, request.CaseId);
        return entry;
    }
}

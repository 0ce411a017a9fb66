using System.Diagnostics;
using DataExchange.Broker.Index;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Google.Protobuf;

namespace DataExchange.Broker.Ingest;

/// <summary>
/// The one way into the index, whatever a batch came by: verify, apply, say what became of it. Thread safe; batches that are in work
/// at once share a write to disk, so hand over the next before the last is answered.
/// </summary>
internal sealed partial class ChangeIngest(
    BatchVerifier verifier, IndexWriter index, StreamStates streams, RejectionLog rejections, TimeProvider clock, ILogger<ChangeIngest> log)
{
    // The envelope's own fields beside the payload: key id, signature, tags.
    private const int EnvelopeBytesMax = WireLimits.BatchBytesMax + 1_024;

    // Unknown fields are kept as objects otherwise, and nobody has signed the envelope.
    private static readonly MessageParser<Wire.SignedChangeBatch> Parser = Wire.SignedChangeBatch.Parser.WithDiscardUnknownFields(true);

    /// <param name="envelope">A serialized <see cref="Wire.SignedChangeBatch"/>, of any origin and size.</param>
    public ValueTask<BatchOutcome> ApplyAsync(byte[] envelope, CancellationToken cancellationToken)
    {
        try
        {
            if (envelope.Length <= EnvelopeBytesMax)
                return ApplyAsync(Parser.ParseFrom(envelope), caller: null, parent: default, cancellationToken);
        }
        catch (InvalidProtocolBufferException)
        {
            // Refused below, like one that is too large to try.
        }

        return new(Refused(new BatchRefusal(ExchangeError.Of(ErrorReasons.BatchMalformed)), clock.GetTimestamp()));
    }

    /// <param name="signed">As it came.</param>
    /// <param name="caller">The department of the TLS key that handed it over; null on the bus.</param>
    /// <param name="parent">The span that published it; the default is the one at hand, which on the bus carries it.</param>
    /// <param name="cancellationToken">Ends the wait, not necessarily the effect: applying again is harmless.</param>
    public async ValueTask<BatchOutcome> ApplyAsync(
        Wire.SignedChangeBatch signed, DepartmentId? caller, ActivityContext parent, CancellationToken cancellationToken)
    {
        using var activity = ExchangeDiagnostics.ActivitySource.StartActivity("ingest apply", ActivityKind.Internal, parent);
        var started = clock.GetTimestamp();

        var verification = verifier.Verify(signed, caller);
        if (!verification.IsGood)
            return Refused(verification.Refusal, started);

        var batch = verification.Batch;
        activity?.SetTag("dataexchange.department", batch.Department.Value);
        activity?.SetTag("dataexchange.changes", batch.Changes.Length);
        var applied = await index.ApplyAsync(batch, cancellationToken);
        if (applied.Reason is { } reason)
            return Refused(new BatchRefusal(ExchangeError.Of(reason), batch.Department, batch.FirstSequence, batch.LastSequence), started);

        var result = applied.Outcome == ApplyOutcome.Duplicate ? BatchResult.Duplicate : BatchResult.Applied;
        IngestMetrics.Record(batch.Department.Value, result, batch.Changes.Length, clock.GetElapsedTime(started));
        return new BatchOutcome(result, Error: null, batch.FirstSequence, applied.Watermark);
    }

    private BatchOutcome Refused(BatchRefusal refusal, long started)
    {
        var reason = refusal.Error.Reason;
        var result = ResultOf(reason);
        if (result != BatchResult.Unavailable)
            rejections.Add(refusal);

        var signer = refusal.Signer?.Value;
        Log.Refused(log, signer ?? "unproven", IngestMetrics.NameOf(result), reason, refusal.Error.Detail, refusal.FirstSequence);
        IngestMetrics.Record(signer, result, changes: 0, clock.GetElapsedTime(started));
        var watermark = refusal.Signer is { } department ? streams.Find(department)?.Watermark ?? 0 : 0;
        return new BatchOutcome(result, refusal.Error, refusal.FirstSequence, watermark);
    }

    private static BatchResult ResultOf(ErrorReason reason) =>
        reason == ErrorReasons.IndexUnavailable || reason == ErrorReasons.CatalogueUnavailable ? BatchResult.Unavailable
        : reason == ErrorReasons.SequenceRewritten || reason == ErrorReasons.EpochUnknown || reason == ErrorReasons.ProviderQuarantined ? BatchResult.Quarantined
        : BatchResult.Rejected;

    private static partial class Log
    {
        [LoggerMessage(2200, LogLevel.Warning, "Batch of {Department} not applied ({Result}): {Reason}, {Detail}; first sequence {FirstSequence}",
            EventName = "BatchNotApplied")]
        public static partial void Refused(ILogger logger, string department, string result, ErrorReason reason, string detail, ulong firstSequence);
    }
}

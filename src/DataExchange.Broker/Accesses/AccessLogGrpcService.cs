using DataExchange.Broker.Audit;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Index;
using DataExchange.Broker.Index.Sealing;
using DataExchange.Broker.Policy;
using DataExchange.Broker.Publication;
using DataExchange.Contracts;
using DataExchange.Hosting;
using DataExchange.Transparency;
using DataExchange.Transparency.Notes;
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
    AuditLog audit,
    AccessFollower follower,
    AccessIndex accesses,
    PublishedLog published,
    IOptions<AccessOptions> options,
    TimeProvider clock) : Wire.AccessLogService.AccessLogServiceBase
{
    public override async Task ListAccesses(Wire.ListAccessesRequest request, IServerStreamWriter<Wire.ListAccessesResponse> responseStream, ServerCallContext context)
    {
        var now = clock.GetUtcNow();
        var consumer = DepartmentId.Parse(context.GetPeer().Name);
        var snapshot = catalogue.Current ?? throw ExchangeError.Of(ErrorReasons.CatalogueUnavailable).ToRpcException();
        var question = AccessQuestion.Read(request, snapshot, out var invalid) ?? throw invalid!.ToRpcException();

        // As in a lookup: decided from the catalogue alone, entered before it is answered.
        AttributeId[] asked = AttributeId.TryParse(options.Value.Attribute, out var attribute) ? [attribute] : [];
        var denied = asked.Length == 0
            ? ExchangeError.Of(ErrorReasons.NotGranted)
            : LookupPolicy.Decide(snapshot, consumer, asked, question.Purpose, question.LegalBasis, now);
        var pseudonyms = denied is null ? await PseudonymsAsync(question.Identifier, context.CancellationToken) : [];
        var entered = await audit.AppendAsync([Entry(question, consumer, now, denied, pseudonyms).ToByteArray()], CancellationToken.None);
        if ((entered.Error ?? denied) is { } refused)
            throw refused.ToRpcException();

        var tree = published.Current;
        if (tree is null || tree.Checkpoint.Size > follower.Followed)
            throw ExchangeError.Of(ErrorReasons.AccessLogBehind).ToRpcException();
        var leaves = new List<MerkleHash>();
        foreach (var place in pseudonyms.SelectMany(accesses.PlacesOf).Where(place => place < tree.Checkpoint.Size).Order())
        {
            var entry = published.ReadEntry(place, tree.Checkpoint.Size);
            if (Wire.AuditEntry.Parser.ParseFrom(entry.Span).DiscloseAfter is { } hidden && hidden.ToDateTimeOffset() > now)
                continue;
            leaves.Add(MerkleHash.OfLeaf(entry.Span));
            await responseStream.WriteAsync(Part(place, entry, tree.Tree.InclusionProof(place)), context.CancellationToken);
        }

        await responseStream.WriteAsync(new() { Proof = Proof(tree, leaves, pseudonyms, now) }, context.CancellationToken);
    }

    private static Wire.ListAccessesResponse Part(ulong place, ReadOnlyMemory<byte> entry, IReadOnlyList<MerkleHash> proof) => new()
    {
        Access = new Wire.Access
        {
            EntryIndex = place,
            Entry = ByteString.CopyFrom(entry.Span),
            Hashes = { proof.Select(hash => UnsafeByteOperations.UnsafeWrap(hash.ToArray())) },
        },
    };

    private static byte[] Bytes(Pseudonym pseudonym)
    {
        var bytes = new byte[Pseudonym.Size];
        pseudonym.Write(bytes);
        return bytes;
    }

    private static Wire.AuditEntry Entry(AccessQuestion question, DepartmentId consumer, DateTimeOffset now, ExchangeError? denied, Pseudonym[] pseudonyms) => new()
    {
        RecordedAt = now.ToTimestamp(),
        RequestId = Guid.NewGuid().ToString("N"),
        Consumer = consumer.Value,
        Purpose = question.Purpose,
        LegalBasis = question.LegalBasis,
        CaseId = question.CaseId,
        SubjectKey = pseudonyms.Length == 0 ? ByteString.Empty : ByteString.CopyFrom(Bytes(pseudonyms[0])),
        Kind = Wire.AccessKind.AccessLog,
        Decision = denied is null ? Wire.Decision.Allowed : Wire.Decision.Refused,
        Reason = denied?.Reason.Name ?? "",
    };

    private Wire.AccessProof Proof(PublishedTree tree, List<MerkleHash> leaves, Pseudonym[] pseudonyms, DateTimeOffset now)
    {
        var names = pseudonyms.Select(Bytes).ToArray();
        var text = AccessStatement.Of(tree.Checkpoint, leaves.ToArray(), names, now).Text;
        return new Wire.AccessProof
        {
            Checkpoint = UnsafeByteOperations.UnsafeWrap(tree.Note.ToBytes()),
            Statement = UnsafeByteOperations.UnsafeWrap(new SignedNote(text, [published.Signer.Sign(text, now)]).ToBytes()),
            Pseudonyms = { names.Select(name => UnsafeByteOperations.UnsafeWrap(name)) },
        };
    }

    /// <exception cref="RpcException">The index cannot be read or written, or too many identifiers are linked.</exception>
    private async Task<Pseudonym[]> PseudonymsAsync(Identifier identifier, CancellationToken cancellationToken)
    {
        var subject = subjectKeys.Of(identifier);
        // Known first, so that this access has a place in the next listing.
        if (await index.MakeKnownAsync(subject, cancellationToken) is null)
            throw ExchangeError.Of(ErrorReasons.IndexUnavailable).ToRpcException();
        return index.PseudonymsOf(subject) ?? throw ExchangeError.Of(ErrorReasons.ClusterTooLarge).ToRpcException();
    }
}

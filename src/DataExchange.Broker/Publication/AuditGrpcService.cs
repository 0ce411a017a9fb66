using DataExchange.Contracts;
using DataExchange.Transparency;
using Google.Protobuf;
using Grpc.Core;

namespace DataExchange.Broker.Publication;

/// <summary>Proofs from the newest checkpoint, for callers that would rather ask than fetch tiles. See audit_service.proto.</summary>
internal sealed class AuditGrpcService(PublishedLogs logs) : Wire.AuditService.AuditServiceBase
{
    public override Task<Wire.GetCheckpointResponse> GetCheckpoint(Wire.GetCheckpointRequest request, ServerCallContext context)
    {
        var log = Find(request.LogId);
        return Task.FromResult(new Wire.GetCheckpointResponse { Checkpoint = Note(NewestOf(log)), VerifierKey = log.Signer.Key.ToString() });
    }

    public override Task<Wire.GetInclusionProofResponse> GetInclusionProof(Wire.GetInclusionProofRequest request, ServerCallContext context)
    {
        var newest = NewestOf(Find(request.LogId));
        if (request.EntryIndex >= newest.Checkpoint.Size)
            throw ExchangeError.Of(ErrorReasons.EntryNotPublished).ToRpcException();
        return Task.FromResult(new Wire.GetInclusionProofResponse
        {
            Checkpoint = Note(newest), Hashes = { Hashes(newest.Tree.InclusionProof(request.EntryIndex)) },
        });
    }

    public override Task<Wire.GetConsistencyProofResponse> GetConsistencyProof(Wire.GetConsistencyProofRequest request, ServerCallContext context)
    {
        var newest = NewestOf(Find(request.LogId));
        if (request.OldSize > newest.Checkpoint.Size)
            throw ExchangeError.Of(ErrorReasons.EntryNotPublished).ToRpcException();
        return Task.FromResult(new Wire.GetConsistencyProofResponse
        {
            Checkpoint = Note(newest), Hashes = { Hashes(newest.Tree.ConsistencyProof(request.OldSize)) },
        });
    }

    private static ByteString Note(PublishedTree tree) => UnsafeByteOperations.UnsafeWrap(tree.Note.ToBytes());

    private static IEnumerable<ByteString> Hashes(IEnumerable<MerkleHash> proof) => proof.Select(hash => UnsafeByteOperations.UnsafeWrap(hash.ToArray()));

    private PublishedLog Find(string logId) => logs.Find(logId) ?? throw ExchangeError.Of(ErrorReasons.NotFound).ToRpcException();

    private static PublishedTree NewestOf(PublishedLog log) => log.Current ?? throw ExchangeError.Of(ErrorReasons.EntryNotPublished).ToRpcException();
}

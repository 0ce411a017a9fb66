using DataExchange.Contracts;
using DataExchange.Transparency;
using Google.Protobuf;
using Grpc.Core;

namespace DataExchange.Broker.Publication;

/// <summary>Proofs from the newest checkpoint, for callers that would rather ask than fetch tiles. See audit_service.proto.</summary>
internal sealed class AuditGrpcService(PublishedLog published) : Wire.AuditService.AuditServiceBase
{
    public override Task<Wire.GetCheckpointResponse> GetCheckpoint(Wire.GetCheckpointRequest request, ServerCallContext context) =>
        Task.FromResult(new Wire.GetCheckpointResponse { Checkpoint = Note(Newest()), VerifierKey = published.Signer.Key.ToString() });

    public override Task<Wire.GetInclusionProofResponse> GetInclusionProof(Wire.GetInclusionProofRequest request, ServerCallContext context)
    {
        var newest = Newest();
        if (request.EntryIndex >= newest.Checkpoint.Size)
            throw ExchangeError.Of(ErrorReasons.EntryNotPublished).ToRpcException();
        return Task.FromResult(new Wire.GetInclusionProofResponse
        {
            Checkpoint = Note(newest), Hashes = { Hashes(newest.Tree.InclusionProof(request.EntryIndex)) },
        });
    }

    public override Task<Wire.GetConsistencyProofResponse> GetConsistencyProof(Wire.GetConsistencyProofRequest request, ServerCallContext context)
    {
        var newest = Newest();
        if (request.OldSize > newest.Checkpoint.Size)
            throw ExchangeError.Of(ErrorReasons.EntryNotPublished).ToRpcException();
        return Task.FromResult(new Wire.GetConsistencyProofResponse
        {
            Checkpoint = Note(newest), Hashes = { Hashes(newest.Tree.ConsistencyProof(request.OldSize)) },
        });
    }

    private static ByteString Note(PublishedTree tree) => UnsafeByteOperations.UnsafeWrap(tree.Note.ToBytes());

    private static IEnumerable<ByteString> Hashes(IEnumerable<MerkleHash> proof) => proof.Select(hash => UnsafeByteOperations.UnsafeWrap(hash.ToArray()));

    private PublishedTree Newest() => published.Current ?? throw ExchangeError.Of(ErrorReasons.EntryNotPublished).ToRpcException();
}

using MassTransit;

namespace DataExchange.Contracts;

/// <summary>
/// The only message on the bus: one signed batch as opaque protobuf bytes, since a batch as JSON objects costs seven times as much.
/// Additive only; a golden test freezes its bytes.
/// </summary>
[MessageUrn("dataexchange:change-batch:v1", useDefaultPrefix: false)]
public sealed record ChangeBatchMessage
{
    /// <summary><see cref="Wire.SignedChangeBatch"/>, serialized; at most 1 MiB and a little.</summary>
    public required byte[] SignedBatch { get; init; }
}

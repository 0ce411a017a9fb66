using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.Cli.Bench;

/// <summary>Packs and signs changes as a department's adapter does, for what is to be had before the clock starts.</summary>
internal static class BatchMaker
{
    public static IEnumerable<Wire.SignedChangeBatch> Sign(TlsCredentials credentials, IEnumerable<Wire.Change> changes, int batch)
    {
        using var key = credentials.Certificate.GetECDsaPrivateKey()!;
        var epoch = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(WireLimits.EpochBytes));
        var first = 1UL;
        foreach (var chunk in changes.Chunk(batch))
        {
            var payload = new Wire.ChangeBatch
            {
                Department = credentials.Identity.Name,
                StreamEpoch = epoch,
                FirstSequence = first,
                PackedAt = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow()),
                Changes = { chunk },
            }.ToByteArray();
            first += (ulong)chunk.Length;
            yield return new Wire.SignedChangeBatch
            {
                Payload = UnsafeByteOperations.UnsafeWrap(payload),
                KeyId = credentials.Identity.KeyId,
                Signature = UnsafeByteOperations.UnsafeWrap(BatchSignature.Sign(key, payload)),
            };
        }
    }
}

using CsCheck;
using DataExchange.Adapter;
using DataExchange.Contracts;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using NUnit.Framework;

namespace DataExchange.UnitTests.Adapter;

[TestFixture]
internal sealed class BatchPackerTests
{
    private static readonly ByteString Epoch = ByteString.CopyFrom(Enumerable.Range(0, WireLimits.EpochBytes).Select(i => (byte)i).ToArray());

    [Test]
    public void Seal_AnyChanges_IsByteForByteWhatProtobufWrites() =>
        Gen.Select(Sample.AnyChange.Array[1, 40], Gen.ULong[1, long.MaxValue], Gen.Long[0, 4_000_000_000_000]).Sample((changes, first, milliseconds) =>
        {
            var packedAt = DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
            var message = new Wire.ChangeBatch
            {
                Department = Sample.Department.Value, StreamEpoch = Epoch, FirstSequence = first, PackedAt = Timestamp.FromDateTimeOffset(packedAt), Changes = { changes },
            };
            var packer = Packer();
            // Twice: a packer is used for one batch after the other.
            for (var round = 0; round < 2; round++)
            {
                foreach (var change in changes)
                    Assert.That(packer.TryAdd(change));
                var sealedBatch = packer.Seal(first, packedAt);
                Assert.That(sealedBatch.Payload, Is.EqualTo(message.ToByteArray()));
                Assert.That(sealedBatch.LastSequence, Is.EqualTo(first + (ulong)changes.Length - 1));
            }
        });

    [TestCase(true)]
    [TestCase(false)]
    public void Seal_Loading_SaysSo(bool loading)
    {
        var packer = Packer();
        packer.TryAdd(Sample.Change(1));

        var batch = packer.Seal(1, DateTimeOffset.UnixEpoch, loading).Parse();

        Assert.That((batch.Loading, batch.Changes.Count), Is.EqualTo((loading, 1)));
    }

    [Test]
    public void TryAdd_UpToTheByteLimit_NeverSealsALargerBatch() =>
        Gen.Int[0, 4_000].Array[1, 60].Sample(paddings =>
        {
            var packer = Packer(bytesMax: 16 * 1024);
            foreach (var padding in paddings)
            {
                if (packer.TryAdd(Sample.Change(1, padding)))
                    continue;
                Assert.That(packer.Seal(1, DateTimeOffset.UnixEpoch).Payload, Has.Length.LessThanOrEqualTo(16 * 1024));
                Assert.That(packer.TryAdd(Sample.Change(1, padding)), "an empty batch takes any change");
            }
        });

    [Test]
    public void TryAdd_FullByCount_ChangesNothing()
    {
        var packer = Packer(changesMax: 2);
        packer.TryAdd(Sample.Change(1));
        packer.TryAdd(Sample.Change(2));

        Assert.That(packer.IsFull);
        Assert.That(packer.TryAdd(Sample.Change(3)), Is.False);
        Assert.That(packer.Seal(1, DateTimeOffset.UnixEpoch).Parse().Changes, Is.EqualTo(new[] { Sample.Change(1), Sample.Change(2) }));
    }

    [Test]
    public void TryAdd_ChangeOverTheLimitAlone_NamesTheRule()
    {
        var refused = Assert.Throws<ChangeRefusedException>(() => Packer(bytesMax: 8 * 1024).TryAdd(Sample.Change(1, 9_000)));

        Assert.That(refused.Error.Field, Is.EqualTo("change"));
    }

    private static BatchPacker Packer(int changesMax = 1_000, int bytesMax = WireLimits.BatchBytesMax) =>
        new(Sample.Department.Value, Epoch, changesMax, bytesMax);
}

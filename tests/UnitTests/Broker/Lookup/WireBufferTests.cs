using CsCheck;
using DataExchange.Broker.Lookup;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Lookup;

/// <summary>What the buffer writes is, byte for byte, what generated code writes for the same message.</summary>
[TestFixture]
internal sealed class WireBufferTests
{
    // Lengths of the content on both sides of each length of a length: one byte up to 127, two up to 16,383.
    private static readonly Gen<string> Text = Gen.Frequency((3, Gen.Int[0, 20]), (1, Gen.Int[118, 130]), (1, Gen.Int[16_370, 16_390]))
        .SelectMany(length => Gen.OneOf(Gen.Char['a', 'z'], Gen.Char['\u00e0', '\u00ff'], Gen.Char['\u4e00', '\u4eff']).Array[length].Select(chars => new string(chars)));

    private static readonly Gen<DateTimeOffset> Moment = Gen.OneOf(
        Gen.DateTimeOffset, Gen.Const(DateTimeOffset.UnixEpoch), Gen.Const(DateTimeOffset.MinValue), Gen.Const(DateTimeOffset.MaxValue));

    [Test]
    public void Written_Evidence_IsWhatGeneratedCodeWrites() =>
        Gen.Select(Text, Text, Gen.ULong, Moment, Gen.TimeSpan, Gen.Enum<Wire.Origin>()).Sample((text, provider, sequence, moment, age, origin) =>
        {
            age = age < TimeSpan.Zero ? TimeSpan.Zero : age;
            var value = new Wire.Value { Text = text };
            var expected = new Wire.Evidence
            {
                Value = value,
                Provider = provider,
                Sequence = sequence,
                AsOf = moment.ToTimestamp(),
                Age = Duration.FromTimeSpan(age),
                Origin = origin,
            };

            var written = WireBuffer.OfThread();
            var outer = written.Open(1);
            written.Message(Wire.Evidence.ValueFieldNumber, value.ToByteArray());
            written.Text(Wire.Evidence.ProviderFieldNumber, provider[..(provider.Length / 2)], provider[(provider.Length / 2)..]);
            written.Number(Wire.Evidence.SequenceFieldNumber, sequence);
            written.Moment(Wire.Evidence.AsOfFieldNumber, moment);
            written.Span(Wire.Evidence.AgeFieldNumber, age);
            written.Number(Wire.Evidence.OriginFieldNumber, (ulong)origin);
            written.Close(outer);

            return written.Written.SequenceEqual(new Wire.AttributeAnswer { Evidence = { expected } }.ToByteArray().Select((b, i) => i == 0 ? (byte)0x0A : b).ToArray());
        });

    [Test]
    public void Written_FieldsWithTagsOfTwoBytes_AreWhatGeneratedCodeWrites([Values(0, 16)] int length)
    {
        var (key, erasure) = (new byte[length], new Wire.Erasure { Pseudonyms = { ByteString.CopyFrom(new byte[length]) } });
        var written = WireBuffer.OfThread();

        written.Text(Wire.AuditEntry.ReasonFieldNumber, "why");
        written.Bytes(Wire.AuditEntry.OperatorKeyFieldNumber, key);
        written.Text(Wire.AuditEntry.OperatorKeyFieldNumber, "");
        written.Message(Wire.AuditEntry.ErasureFieldNumber, erasure.ToByteArray());

        var expected = new Wire.AuditEntry { Reason = "why", OperatorKey = ByteString.CopyFrom(key), Erasure = erasure };
        Assert.That(written.Written.ToArray(), Is.EqualTo(expected.ToByteArray()));
    }

    [TestCase(0)]
    [TestCase(127)]
    [TestCase(128)]
    [TestCase(70_000)]
    public void Written_BytesOfAnyLength_AreWhatGeneratedCodeWrites(int length)
    {
        var bytes = new byte[length];
        var written = WireBuffer.OfThread();

        written.Bytes(Wire.Receipt.SaltFieldNumber, bytes);

        Assert.That(written.Written.ToArray(), Is.EqualTo(new Wire.Receipt { Salt = ByteString.CopyFrom(bytes) }.ToByteArray()));
    }
}

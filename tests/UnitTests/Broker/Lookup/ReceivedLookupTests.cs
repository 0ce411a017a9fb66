using DataExchange.Broker.Lookup;
using Google.Protobuf;
using Grpc.Core;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Lookup;

[TestFixture]
internal sealed class ReceivedLookupTests
{
    [Test]
    public void ParseMany_EachLookup_KeepsTheBytesItCameAs()
    {
        // A field of a later contract version: no part of the question, but of what was sent.
        var first = (byte[])[.. LookupCatalogue.Request().ToByteArray(), 0xF8, 0x07, 0x01];
        var second = LookupCatalogue.Request().ToByteArray();

        var lookups = ReceivedLookup.ParseMany([0x0A, .. Length(first), .. first, 0x0A, .. Length(second), .. second]);

        Assert.That(lookups.Select(lookup => lookup.Bytes.ToArray()), Is.EqualTo(new[] { first, second }));
        Assert.That(lookups[1].Request, Is.EqualTo(LookupCatalogue.Request()));
    }

    [TestCase(0)]
    [TestCase(101)]
    public void ParseMany_WrongNumber_IsRefused(int count)
    {
        var message = new Wire.LookupManyRequest { Lookups = { Enumerable.Repeat(new Wire.LookupRequest(), count) } }.ToByteArray();

        Assert.That(() => ReceivedLookup.ParseMany(message), Throws.InstanceOf<RpcException>().With.Property("StatusCode").EqualTo(StatusCode.InvalidArgument));
    }

    [Test]
    public void Parse_OverTheLimit_IsRefusedUnread() =>
        Assert.That(() => ReceivedLookup.Parse(new byte[64 * 1024 + 1]), Throws.InstanceOf<RpcException>().With.Property("StatusCode").EqualTo(StatusCode.ResourceExhausted));

    [Test]
    public void ParseMany_CutAtEveryByte_IsMalformedOrFewer()
    {
        var message = new Wire.LookupManyRequest { Lookups = { LookupCatalogue.Request(), LookupCatalogue.Request() } }.ToByteArray();
        var whole = message.Length / 2;

        for (var length = 1; length < message.Length; length++)
        {
            if (length == whole)
                Assert.That(ReceivedLookup.ParseMany(message[..length]), Has.Length.EqualTo(1));
            else
                Assert.That(() => ReceivedLookup.ParseMany(message[..length]), Throws.InstanceOf<InvalidProtocolBufferException>());
        }
    }

    private static byte[] Length(byte[] message) => [(byte)(message.Length | 0x80), (byte)(message.Length >> 7)];
}

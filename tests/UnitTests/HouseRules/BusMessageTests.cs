using System.Net.Mime;
using System.Text;
using System.Text.Json;
using DataExchange.Contracts;
using MassTransit;
using MassTransit.Serialization;
using NUnit.Framework;

namespace DataExchange.UnitTests.HouseRules;

/// <summary>
/// The bytes of the one bus message, frozen: what an older process sends, a newer one reads, and the other way round. These literals never
/// change; a field may be added beside them.
/// </summary>
internal sealed class BusMessageTests
{
    private const string Urn = "dataexchange:change-batch:v1";
    private const string Body = "{\n  \"signedBatch\": \"ChAAAQIDBAUGB/j5+vv8/f7/\"\n}";

    private static readonly byte[] SignedBatch = [10, 16, 0, 1, 2, 3, 4, 5, 6, 7, 0xF8, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF];

    [Test]
    public void Urn_OfTheMessage_IsFrozen() => Assert.That(MessageUrn.ForTypeString<ChangeBatchMessage>(), Is.EqualTo(Urn));

    [Test]
    public void Body_OfTheMessage_IsFrozen() =>
        Assert.That(JsonSerializer.Serialize(new ChangeBatchMessage { SignedBatch = SignedBatch }, SystemTextJsonMessageSerializer.Options), Is.EqualTo(Body));

    [TestCase(Body)]
    [TestCase("""{"addedLater":{"a":1},"signedBatch":"ChAAAQIDBAUGB/j5+vv8/f7/"}""")]
    public void Envelope_AsEverSent_IsRead(string body)
    {
        var envelope = $$"""
            {"messageId":"0b5b0000-5d0a-0015-8f21-08dd0c2b3c4d","conversationId":"0b5b0000-5d0a-0015-9a10-08dd0c2b3c4d",
             "sourceAddress":"rabbitmq://localhost/department","destinationAddress":"rabbitmq://localhost/dataexchange.change-batch.v1",
             "messageType":["{{Urn}}"],"message":{{body}},"sentTime":"2026-01-02T03:04:05.678Z","headers":{ } }
            """;

        var context = new SystemTextJsonMessageSerializer(new ContentType("application/vnd.masstransit+json"))
            .Deserialize(new StringMessageBody(envelope), new DictionarySendHeaders(new Dictionary<string, object?>()), null);

        Assert.That(context.TryGetMessage<ChangeBatchMessage>(out var message), Is.True);
        Assert.That(message!.SignedBatch, Is.EqualTo(SignedBatch));
    }

    [Test]
    public void Message_OfAnotherType_IsNotTakenForABatch()
    {
        var envelope = Encoding.UTF8.GetString("""{"messageType":["urn:message:Other:Message"],"message":{"signedBatch":"ChAA"}}"""u8);

        var context = new SystemTextJsonMessageSerializer(new ContentType("application/vnd.masstransit+json"))
            .Deserialize(new StringMessageBody(envelope), new DictionarySendHeaders(new Dictionary<string, object?>()), null);

        Assert.That(context.TryGetMessage<ChangeBatchMessage>(out _), Is.False);
    }
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using DataExchange.Contracts;
using Google.Protobuf;
using RabbitMQ.Client;

namespace DataExchange.Cli.DeadLetters;

/// <summary>
/// A message that the hub did not apply, as much of it as may be shown: what it says of its department and sequences, and how many changes of
/// which kind, but no identifier and no value. Nothing of it is proven: the signature is the hub's to check.
/// </summary>
/// <param name="Id">The message's own id; empty where it has none.</param>
/// <param name="Cause">A reason of the error table; else the kind of failure, in capitals or as the type of an exception.</param>
/// <param name="Detail">Names the field and the rule. Empty where the failure's text could hold a value.</param>
/// <param name="At">When it failed; null where the message does not say.</param>
/// <param name="Batch">What it says of itself; null where there is none to be read.</param>
/// <param name="Bytes">Of the whole message.</param>
internal sealed record DeadLetter(string Id, string Cause, string Detail, DateTimeOffset? At, BatchSummary? Batch, string KeyId, int Bytes)
{
    public const string NotUnderstood = "NOT_UNDERSTOOD";
    public const string DeliveredTooOften = "DELIVERED_TOO_OFTEN";

    /// <summary>As the message says.</summary>
    public string Department => Batch?.Department ?? "";

    public ulong FirstSequence => Batch?.FirstSequence ?? 0;

    public ulong LastSequence => Batch?.LastSequence ?? 0;

    /// <param name="message">From the error or the skipped queue.</param>
    /// <param name="isSkipped">From the skipped queue.</param>
    public static DeadLetter Read(BasicGetResult message, bool isSkipped)
    {
        var headers = message.BasicProperties.Headers;
        var (cause, detail) = isSkipped ? (NotUnderstood, "") : CauseOf(headers);
        var signed = ReadBatch(message.Body);
        var at = DateTimeOffset.TryParse(Text(headers, "MT-Fault-Timestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : (DateTimeOffset?)null;
        var id = Guid.TryParse(message.BasicProperties.MessageId, out var guid) ? guid.ToString("D") : "";
        return new DeadLetter(id, cause, detail, at, Summary(signed?.Payload), IsKeyId(signed?.KeyId) ? signed!.KeyId : "", message.Body.Length);
    }

    private static (string Kind, string Attribute) KindOf(Wire.Change change) => change.KindCase switch
    {
        Wire.Change.KindOneofCase.Set => ("set", Name(change.Set.Attribute)),
        Wire.Change.KindOneofCase.Withdraw => ("withdraw", Name(change.Withdraw.Attribute)),
        Wire.Change.KindOneofCase.Link => ("link", ""),
        Wire.Change.KindOneofCase.Unlink => ("unlink", ""),
        _ => ("none", ""),
    };

    // Fields that nobody has checked can hold anything.
    private static string Name(string name) => CodeName.IsValid(name) ? name : "(no name)";

    private static bool IsKeyId(string? text) => text is { Length: 64 } && text.All(char.IsAsciiHexDigitLower);

    /// <summary>The hub's own refusals say their reason and nothing of any subject; the text of any other exception may quote the message.</summary>
    private static (string Cause, string Detail) CauseOf(IDictionary<string, object?>? headers)
    {
        var type = Text(headers, "MT-Fault-ExceptionType");
        if (type.Length == 0)
            return (DeliveredTooOften, "");
        var text = Text(headers, "MT-Fault-Message").Split(": ", 2);
        return ErrorReasons.All.Any(reason => reason.Name == text[0]) ? (text[0], text.ElementAtOrDefault(1) ?? "") : (type[(type.LastIndexOf('.') + 1)..], "");
    }

    private static Wire.SignedChangeBatch? ReadBatch(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var envelope = JsonDocument.Parse(body);
            return Wire.SignedChangeBatch.Parser.ParseFrom(envelope.RootElement.GetProperty("message").GetProperty("signedBatch").GetBytesFromBase64());
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static BatchSummary? Summary(ByteString? payload)
    {
        try
        {
            if (payload is null)
                return null;
            var batch = Wire.ChangeBatch.Parser.ParseFrom(payload);
            return new BatchSummary(
                Name(batch.Department), Convert.ToHexStringLower(batch.StreamEpoch.Span), batch.FirstSequence, batch.FirstSequence + (ulong)Math.Max(0, batch.Changes.Count - 1),
                [.. batch.Changes.Select(KindOf).CountBy(kind => kind).Select(counted => (counted.Key.Kind, counted.Key.Attribute, counted.Value))]);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static string Text(IDictionary<string, object?>? headers, string name) => headers?.TryGetValue(name, out var value) != true
        ? ""
        : value is byte[] bytes ? Encoding.UTF8.GetString(bytes) : Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
}

/// <param name="Epoch">In hexadecimal.</param>
/// <param name="Changes">Kinds of its changes, with how many there are of each: <c>set income 20</c>.</param>
internal sealed record BatchSummary(string Department, string Epoch, ulong FirstSequence, ulong LastSequence, IReadOnlyList<(string Kind, string Attribute, int Count)> Changes);

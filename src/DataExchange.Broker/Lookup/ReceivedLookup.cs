using DataExchange.Contracts;
using Google.Protobuf;

namespace DataExchange.Broker.Lookup;

/// <summary>A question as it came: parsed, beside the bytes that its audit entry holds the hash of.</summary>
internal readonly record struct ReceivedLookup(Wire.LookupRequest Request, ReadOnlyMemory<byte> Bytes)
{
    private static readonly uint LookupsTag =
        WireFormat.MakeTag(Wire.LookupManyRequest.LookupsFieldNumber, WireFormat.WireType.LengthDelimited);

    /// <param name="message">A <see cref="Wire.LookupRequest"/> of any origin and size.</param>
    /// <exception cref="InvalidProtocolBufferException">It is none.</exception>
    /// <exception cref="Grpc.Core.RpcException">MESSAGE_TOO_LARGE.</exception>
    public static ReceivedLookup Parse(byte[] message)
    {
        Require(message.Length <= WireLimits.LookupBytesMax, ErrorReasons.MessageTooLarge);
        return Parse(message.AsMemory());
    }

    /// <param name="message">A <see cref="Wire.LookupManyRequest"/> of any origin and size.</param>
    /// <exception cref="InvalidProtocolBufferException">It is none.</exception>
    /// <exception cref="Grpc.Core.RpcException">MESSAGE_TOO_LARGE, or REQUEST_INVALID for a message with too few or too many lookups.</exception>
    public static ReceivedLookup[] ParseMany(byte[] message)
    {
        Require(message.Length <= WireLimits.LookupManyBytesMax, ErrorReasons.MessageTooLarge);
        var lookups = new List<ReceivedLookup>(WireLimits.LookupsPerMessageMax);
        using var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag and not 0)
        {
            // Not SkipLastField, which lets fields pass that are none.
            if (tag != LookupsTag)
                UnknownFieldSet.MergeFieldFrom(null, input);
            else if (lookups.Count == WireLimits.LookupsPerMessageMax)
                throw WrongCount();
            else
                lookups.Add(Parse(input.ReadBytes().Memory));
        }

        return lookups.Count > 0 ? [.. lookups] : throw WrongCount();
    }

    private static ReceivedLookup Parse(ReadOnlyMemory<byte> bytes) => new(Wire.LookupRequest.Parser.ParseFrom(bytes.Span), bytes);

    private static void Require(bool holds, ErrorReason reason)
    {
        if (!holds)
            throw ExchangeError.Of(reason).ToRpcException();
    }

    private static Grpc.Core.RpcException WrongCount() =>
        ExchangeError.Invalid([new("lookups", $"must hold 1 to {WireLimits.LookupsPerMessageMax} lookups")]).ToRpcException();
}

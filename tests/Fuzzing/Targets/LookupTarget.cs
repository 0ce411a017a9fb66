using DataExchange.Broker.Index;
using DataExchange.Broker.Lookup;
using DataExchange.Contracts;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace DataExchange.Fuzzing.Targets;

/// <summary>
/// Questions, alone and many in a message. A message is refused as no protobuf or by the error table; a question is either good, with every field
/// within its rule and its identifier in canonical form, or names fields and rules and no value. Many are the same as each alone.
/// </summary>
internal static class LookupTarget
{
    private static readonly DisclosureRule Disclosure = new(
        Options.Create(new LookupOptions { InvestigationBases = { "Investigation Act s. 9" } }), new NoonClock());

    private static readonly OperatorRule Operators = new(Options.Create(new LookupOptions()), FuzzExchange.SubjectKeys);

    public static bool Accepts(byte[] message)
    {
        try
        {
            return IsQuestion(ReceivedLookup.Parse(message), message);
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }
        catch (RpcException refused)
        {
            return Refused(refused, message);
        }
    }

    public static bool AcceptsMany(byte[] message)
    {
        ReceivedLookup[] lookups;
        try
        {
            lookups = ReceivedLookup.ParseMany(message);
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }
        catch (RpcException refused)
        {
            return Refused(refused, message);
        }

        Must.Hold(lookups.Length is >= 1 and <= WireLimits.LookupsPerMessageMax, "a message holds 1 to 100 lookups");
        var whole = Wire.LookupManyRequest.Parser.ParseFrom(message);
        Must.Hold(whole.Lookups.SequenceEqual(lookups.Select(lookup => lookup.Request)), "many are what the parser makes of the message");
        return lookups.Count(lookup => IsQuestion(lookup, message)) == lookups.Length;
    }

    public static IEnumerable<(string, byte[])> Seeds()
    {
        yield return ("whole", Request().ToByteArray());
        var least = Request();
        (least.MaxAge, least.RequestId, least.DiscloseAfter, least.LegalBasis) = (null, "", null, "Tax Act");
        yield return ("least", least.ToByteArray());
        var company = least.Clone();
        company.Identifier = FuzzExchange.Organisation;
        yield return ("company", company.ToByteArray());
        yield return ("wrong-throughout", new Wire.LookupRequest
        {
            Identifier = new() { Scheme = "cn-resident", Value = "110105194912310021" },
            Attributes = { new Wire.AttributeId { Department = "Tax" } },
            MaxAge = new Duration { Seconds = -1, Nanos = 2_000_000_000 },
            DiscloseAfter = new Timestamp { Seconds = long.MaxValue },
            RequestId = "a b",
        }.ToByteArray());
    }

    public static IEnumerable<(string, byte[])> ManySeeds() =>
        [("three", new Wire.LookupManyRequest { Lookups = { Request(), Request(), Request() } }.ToByteArray()), ("none", [])];

    private static bool IsQuestion(ReceivedLookup received, byte[] message)
    {
        Must.Hold(Wire.LookupRequest.Parser.ParseFrom(received.Bytes.Span).Equals(received.Request), "the bytes that are hashed are the question");
        var question = LookupQuestion.Read(received.Request, FuzzExchange.Catalogue, Disclosure, Operators, out var error);
        if (question is null)
        {
            Must.Hold(error is { Fields.Count: > 0 } && error.Reason == ErrorReasons.RequestInvalid, "a refusal names its fields");
            Must.Refuse(error!.Detail, message);
            return false;
        }

        Must.Hold(error is null, "a good question has no error");
        Must.Hold(FuzzExchange.Catalogue.Schemes.TryFind(question.Identifier.Scheme, out var scheme)
            && scheme.TryCanonicalize(question.Identifier.Value, out var canonical) && canonical == question.Identifier.Value, "an identifier is canonical");
        Must.Hold(question.Attributes.Length is >= 1 and <= WireLimits.AttributesPerLookupMax && question.Attributes.Distinct().Count() == question.Attributes.Length,
            "1 to 64 attributes, each once");
        Must.Hold(question.MaxAge is null || question.MaxAge >= TimeSpan.Zero, "no age is negative");
        Must.Hold(question.DiscloseAfter is null || question.DiscloseAfter >= FuzzExchange.Noon.AddSeconds(-1), "nothing is deferred into the past");
        Must.Hold(question.Operator.Length <= WireLimits.ReferenceLengthMax && (Operators.KeyOf(FuzzExchange.Tax, question.Operator) == default(SubjectKey)) == (question.Operator.Length == 0),
            "whoever is named has a key, and nobody else");
        Must.Hold(question.RequestId.Length is > 0 and <= WireLimits.ReferenceLengthMax, "a question has an id");
        return true;
    }

    private static bool Refused(RpcException refused, byte[] message)
    {
        Must.Hold(refused.StatusCode is StatusCode.ResourceExhausted or StatusCode.InvalidArgument, "a message that is too large or wrong is told so");
        Must.Refuse(refused.Status.Detail, message);
        return false;
    }

    private static Wire.LookupRequest Request() => new()
    {
        Identifier = FuzzExchange.Person,
        Attributes = { new Wire.AttributeId { Department = "tax", Name = "income" }, new Wire.AttributeId { Department = "tax", Name = "return" } },
        Purpose = "housing-aid",
        LegalBasis = "Investigation Act s. 9",
        CaseId = "case/1",
        MaxAge = new Duration { Seconds = 3_600, Nanos = 5 },
        AcceptStale = true,
        RequestId = "request-1",
        DiscloseAfter = FuzzExchange.Noon.AddDays(30).ToTimestamp(),
    };
}

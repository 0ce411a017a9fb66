using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Ingest;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.Fuzzing.Targets;

/// <summary>
/// Change batches: as a payload that its department has signed, whatever it holds, so that what lies behind the signature is reached; and as
/// the message that comes in by gRPC, where the signature stands in the way. What is refused has a row of the error table, names field and rule
/// and no value; what is good is signed and has as many changes as the outline counted; the outline says what the parser says.
/// </summary>
internal static class BatchTarget
{
    private static readonly BatchVerifier Verifier = new(StateOf(FuzzExchange.Catalogue), FuzzExchange.SubjectKeys);

    public static bool AcceptsPayload(byte[] payload)
    {
        var bytes = ByteString.CopyFrom(payload);
        HoldOutline(bytes);
        return Verify(FuzzExchange.Sign(bytes), caller: null, payload);
    }

    public static bool AcceptsRequest(byte[] message)
    {
        Wire.PublishRequest request;
        try
        {
            request = Wire.PublishRequest.Parser.ParseFrom(message);
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }

        var parent = ExchangeDiagnostics.ParentOf(request.Traceparent);
        Must.Hold(parent == default || request.Traceparent.Contains(parent.TraceId.ToHexString(), StringComparison.Ordinal), "the parent is the one that is named");
        return Verify(request.Batch ?? new Wire.SignedChangeBatch(), FuzzExchange.Tax, message);
    }

    public static IEnumerable<(string, byte[])> Payloads()
    {
        yield return ("every-kind", Batch().ToByteArray());
        var heartbeat = Batch();
        heartbeat.Changes.Clear();
        yield return ("heartbeat", heartbeat.ToByteArray());
        foreach (var (attribute, value) in FuzzExchange.Values)
        {
            var one = heartbeat.Clone();
            one.Changes.Add(Set(attribute, value));
            yield return (attribute, one.ToByteArray());
        }

        var wrong = heartbeat.Clone();
        wrong.Changes.Add(new Wire.Change { AsOf = new Timestamp { Seconds = long.MaxValue, Nanos = -1 }, Set = new() });
        yield return ("moment-beyond", wrong.ToByteArray());
    }

    public static IEnumerable<(string, byte[])> Requests()
    {
        var signed = FuzzExchange.Sign(Batch().ToByteString());
        yield return ("signed", new Wire.PublishRequest { Batch = signed, Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" }.ToByteArray());
        var stranger = signed.Clone();
        stranger.KeyId = new string('0', KeyId.Length);
        yield return ("unknown-key", new Wire.PublishRequest { Batch = stranger }.ToByteArray());
        yield return ("no-batch", new Wire.PublishRequest { Traceparent = "00-" }.ToByteArray());
    }

    /// <summary>What was counted before parsing is what the parser makes: else a batch could hold more than was looked at, or be another's.</summary>
    private static void HoldOutline(ByteString payload)
    {
        var outlined = PayloadOutline.TryRead(payload, out var outline);
        Wire.ChangeBatch batch;
        try
        {
            batch = Wire.ChangeBatch.Parser.ParseFrom(payload);
        }
        catch (InvalidProtocolBufferException)
        {
            return;
        }

        Must.Hold(outlined, "what the parser takes the outline takes");
        Must.Hold(outline == new PayloadOutline(batch.Department, batch.Changes.Count), "the outline says what the parser says");
    }

    private static bool Verify(Wire.SignedChangeBatch signed, DepartmentId? caller, byte[] input)
    {
        var verification = Verifier.Verify(signed, caller);
        if (!verification.IsGood)
        {
            var error = verification.Refusal.Error;
            Must.Hold(ErrorReasons.All.Contains(error.Reason), "a refusal is a row of the error table");
            Must.Refuse(error.Detail, input);
            Must.Hold(verification.Refusal.LastSequence <= long.MaxValue, "no sequence overflows");
            return false;
        }

        var batch = verification.Batch;
        Must.Hold(BatchSignature.Verify(FuzzExchange.TaxKey, signed.Payload.Span, signed.Signature.Span), "a good batch is signed by its department");
        Must.Hold(batch.Department == FuzzExchange.Tax, "a good batch is of the department that signed it");
        Must.Hold(PayloadOutline.TryRead(signed.Payload, out var outline) && outline.Changes == batch.Changes.Length, "no change is lost or added");
        Must.Hold(batch.FirstSequence > 0 && batch.LastSequence <= long.MaxValue, "no sequence overflows");
        foreach (var change in batch.Changes.Span)
        {
            if (change is { Held: true, Kind: Broker.Index.ChangeKind.Set })
                HoldValue(change);
            else if (change.Kind == Broker.Index.ChangeKind.Set)
                Must.Hold(change.Content.Length is > 0 and <= WireLimits.LocatorBytesMax, "a locator has its size");
        }

        return true;
    }

    private static void HoldValue(Broker.Index.VerifiedChange change)
    {
        var value = Wire.Value.Parser.ParseFrom(change.Content.Span);
        Must.Hold(ValueRules.Violation(value, FuzzExchange.Catalogue.Attributes[change.Attribute].Type) is null, "what is stored is a value of the declared type");
    }

    private static CatalogueState StateOf(CatalogueSnapshot snapshot)
    {
        var state = new CatalogueState();
        state.Replace(snapshot);
        return state;
    }

    private static Wire.ChangeBatch Batch()
    {
        var moment = FuzzExchange.Noon.ToTimestamp();
        var batch = new Wire.ChangeBatch
        {
            Department = "tax",
            StreamEpoch = ByteString.CopyFrom(FuzzExchange.Counted(WireLimits.EpochBytes)),
            FirstSequence = 7,
            PackedAt = moment,
            Loading = true,
        };
        batch.Changes.Add(FuzzExchange.Values.Select(value => Set(value.Attribute, value.Value)));
        batch.Changes.Add(new Wire.Change { AsOf = moment, Set = new() { Subject = FuzzExchange.Person, Attribute = "return", Locator = ByteString.CopyFrom(1, 2, 3) } });
        batch.Changes.Add(new Wire.Change { AsOf = moment, Withdraw = new() { Subject = FuzzExchange.Person, Attribute = "class" } });
        batch.Changes.Add(new Wire.Change { AsOf = moment, Link = new() { Left = FuzzExchange.Person, Right = FuzzExchange.Organisation } });
        batch.Changes.Add(new Wire.Change { AsOf = moment, Unlink = new() { Left = FuzzExchange.Organisation, Right = FuzzExchange.Person } });
        return batch;
    }

    private static Wire.Change Set(string attribute, Wire.Value value) =>
        new() { AsOf = FuzzExchange.Noon.ToTimestamp(), Set = new() { Subject = FuzzExchange.Person, Attribute = attribute, Value = value } };
}

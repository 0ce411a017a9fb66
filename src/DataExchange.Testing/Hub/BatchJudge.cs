using System.Security.Cryptography;
using DataExchange.Contracts;
using Google.Protobuf;

namespace DataExchange.Testing;

/// <summary>
/// The hub's rules for a batch, of which a test holds the outcomes against the hub's own. Values, schemes, signatures and limits are
/// judged by the very code that the hub uses.
/// </summary>
internal sealed class BatchJudge(FakeCatalogue catalogue, string keyId, ECDsa key)
{
    private const ulong SequenceMax = long.MaxValue;

    private readonly IdentifierSchemes _schemes = new(catalogue.Schemes);
    private readonly Dictionary<string, AttributeDeclaration> _attributes = catalogue.Attributes.ToDictionary(attribute => attribute.Name);

    /// <returns>Why the batch is not the department's own word, or breaks the catalogue; null where it may be applied.</returns>
    /// <param name="batch">With canonical identifiers where it may be applied; empty where not even its sequence is proven.</param>
    public ExchangeError? Judge(Wire.SignedChangeBatch signed, out Wire.ChangeBatch batch)
    {
        batch = new Wire.ChangeBatch();
        Wire.ChangeBatch claimed;
        if (signed.Payload.Length is 0 or > WireLimits.BatchBytesMax)
            return Fault(ErrorReasons.BatchMalformed, "payload", "must be 1 byte to 1 MiB");
        try
        {
            claimed = Wire.ChangeBatch.Parser.WithDiscardUnknownFields(true).ParseFrom(signed.Payload);
        }
        catch (InvalidProtocolBufferException)
        {
            return Fault(ErrorReasons.BatchMalformed, "payload", "must be a ChangeBatch");
        }

        if (claimed.Changes.Count > WireLimits.BatchChangesMax)
            return Fault(ErrorReasons.BatchMalformed, "changes", "must hold at most 1,000 changes");
        if ((FaultOfIdentity(signed, claimed) ?? FaultOfSequence(claimed)) is { } unproven)
            return unproven;
        batch = claimed;
        return FaultOfFrame(batch) ?? batch.Changes.Select(FaultOf).FirstOrDefault(fault => fault is not null);
    }

    /// <exception cref="ArgumentException">The catalogue does not give it to the department.</exception>
    public void RequireAttribute(string attribute)
    {
        if (!_attributes.ContainsKey(attribute))
            throw new ArgumentException("Must be an attribute of the fake catalogue.", nameof(attribute));
    }

    /// <exception cref="ArgumentException">Of no scheme of the fake catalogue, or not valid in it. Never names the value.</exception>
    public Wire.Identifier Canonical(Identifier identifier) =>
        _schemes.TryRead(identifier.ToWire(), nameof(identifier), out var canonical, out var error) ? canonical.ToWire() : throw new ArgumentException($"{error.Field} {error.Rule}.", nameof(identifier));

    private ExchangeError? FaultOfIdentity(Wire.SignedChangeBatch signed, Wire.ChangeBatch batch)
    {
        if (!CodeName.IsValid(batch.Department))
            return Fault(ErrorReasons.BatchMalformed, "department", CodeName.Rule);
        if (batch.Department != catalogue.Department)
            return Fault(ErrorReasons.SignerMismatch, "department", "must be the caller");
        if (signed.KeyId != keyId)
            return Fault(ErrorReasons.KeyNotRegistered, "key_id", "must be a registered key");
        lock (key)
        {
            return BatchSignature.Verify(key, signed.Payload.Span, signed.Signature.Span)
                ? null
                : Fault(ErrorReasons.SignatureInvalid, "signature", "must be that of the payload under key_id");
        }
    }

    private static ExchangeError? FaultOfSequence(Wire.ChangeBatch batch) =>
        batch.FirstSequence is 0 or > SequenceMax || batch.FirstSequence + (ulong)batch.Changes.Count - 1 > SequenceMax
            ? Fault(ErrorReasons.BatchMalformed, "first_sequence", "must be at least 1, and the last sequence below 2^63")
            : null;

    private static ExchangeError? FaultOfFrame(Wire.ChangeBatch batch)
    {
        if (batch.StreamEpoch.Length != WireLimits.EpochBytes)
            return Fault(ErrorReasons.BatchMalformed, "stream_epoch", "must be 16 bytes");
        return batch.PackedAt is null || !ValueRules.IsTimestamp(batch.PackedAt)
            ? Fault(ErrorReasons.BatchMalformed, "packed_at", "must be present and a moment of the years 1 to 9999")
            : null;
    }

    private ExchangeError? FaultOf(Wire.Change change, int index)
    {
        var at = $"changes[{index}]";
        if (change.AsOf is null || !ValueRules.IsTimestamp(change.AsOf))
            return Fault(ErrorReasons.BatchMalformed, $"{at}.as_of", "must be present and a moment of the years 1 to 9999");
        return change.KindCase switch
        {
            Wire.Change.KindOneofCase.Set => FaultOf(change.Set, $"{at}.set"),
            Wire.Change.KindOneofCase.Withdraw =>
                FaultOfAttribute(change.Withdraw.Attribute, $"{at}.withdraw") ?? FaultOf(change.Withdraw.Subject, $"{at}.withdraw.subject"),
            Wire.Change.KindOneofCase.Link => FaultOfPair(change.Link.Left, change.Link.Right, $"{at}.link", needsRight: true),
            Wire.Change.KindOneofCase.Unlink => FaultOfPair(change.Unlink.Left, change.Unlink.Right, $"{at}.unlink", needsRight: false),
            _ => Fault(ErrorReasons.BatchMalformed, at, "must be exactly one of set, withdraw, link and unlink"),
        };
    }

    private ExchangeError? FaultOf(Wire.SetAttribute set, string at)
    {
        if ((FaultOfAttribute(set.Attribute, at) ?? FaultOf(set.Subject, $"{at}.subject")) is { } fault)
            return fault;
        var attribute = _attributes[set.Attribute];
        if (attribute.Holding == Wire.Holding.Held)
        {
            if (set.Locator.Length > 0)
                return Fault(ErrorReasons.ValueRefused, $"{at}.locator", "must be absent, since the attribute is held");
            if (set.Value is null)
                return Fault(ErrorReasons.ValueRefused, $"{at}.value", "must be present, since the attribute is held");
            return ValueRules.Violation(set.Value, attribute.Type) is { } rule ? Fault(ErrorReasons.ValueRefused, $"{at}.value", rule) : null;
        }

        if (set.Value is not null)
            return Fault(ErrorReasons.ValueRefused, $"{at}.value", "must be absent, since the attribute is only located");
        return set.Locator.Length is 0 or > WireLimits.LocatorBytesMax
            ? Fault(ErrorReasons.ValueRefused, $"{at}.locator", "must be 1 to 320 bytes, since the attribute is located")
            : null;
    }

    private ExchangeError? FaultOfAttribute(string name, string at) =>
        _attributes.ContainsKey(name) ? null : Fault(ErrorReasons.AttributeNotOwned, $"{at}.attribute", "must be an attribute that the catalogue gives the department");

    private ExchangeError? FaultOfPair(Wire.Identifier? left, Wire.Identifier? right, string at, bool needsRight)
    {
        if ((FaultOf(left, $"{at}.left") ?? FaultOf(right, $"{at}.right")) is { } fault)
            return fault;
        if (needsRight && !catalogue.MayLink(left!.Scheme, right!.Scheme))
            return Fault(ErrorReasons.LinkNotAllowed, at, "must join two schemes that the catalogue lets the department link");
        return left!.Equals(right) ? Fault(ErrorReasons.BatchMalformed, at, "must name two different identifiers") : null;
    }

    /// <summary>Puts the canonical value in place of the one that was given.</summary>
    private ExchangeError? FaultOf(Wire.Identifier? identifier, string at)
    {
        if (!_schemes.TryRead(identifier, at, out var canonical, out var error))
            return Fault(ErrorReasons.IdentifierRefused, error.Field, error.Rule);
        identifier!.Value = canonical.Value;
        return null;
    }

    private static ExchangeError Fault(ErrorReason reason, string field, string rule) => new(reason, $"{field} {rule}") { Fields = [new FieldError(field, rule)] };
}

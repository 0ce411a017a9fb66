using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Index;
using DataExchange.Contracts;
using Google.Protobuf;

namespace DataExchange.Broker.Ingest;

/// <param name="Field">Path within the change; empty for the change itself.</param>
internal readonly record struct ChangeFault(ErrorReason Reason, string Field, string Rule);

/// <summary>
/// Turns the changes of one batch into what the index applies, under one catalogue snapshot. On the hot path: about a microsecond
/// a change beside the keyed hash, nothing allocated but the value's bytes. Not thread safe.
/// </summary>
internal sealed class ChangeReader(CatalogueSnapshot catalogue, SubjectKeys subjectKeys, DepartmentId department)
{
    public const string MomentRule = "must be present and a moment of the years 1 to 9999";

    private const string DifferentRule = "must name two different identifiers";

    // A register read row by row states several facts of one subject in a row: its identifier is read and hashed once.
    private Wire.Identifier? _lastRead;
    private SubjectKey _lastKey;

    public bool TryRead(Wire.Change wire, out VerifiedChange change, out ChangeFault fault)
    {
        change = default;
        if (wire.AsOf is null || !ValueRules.IsTimestamp(wire.AsOf))
        {
            fault = new(ErrorReasons.BatchMalformed, "as_of", MomentRule);
            return false;
        }

        switch (wire.KindCase)
        {
            case Wire.Change.KindOneofCase.Set:
                return TryReadSet(wire, out change, out fault);
            case Wire.Change.KindOneofCase.Withdraw:
                return TryReadWithdrawal(wire, out change, out fault);
            case Wire.Change.KindOneofCase.Link:
                return TryReadLink(wire, out change, out fault);
            case Wire.Change.KindOneofCase.Unlink:
                return TryReadUnlink(wire, out change, out fault);
            default:
                fault = new(ErrorReasons.BatchMalformed, "", "must be exactly one of set, withdraw, link and unlink");
                return false;
        }
    }

    private bool TryReadSet(Wire.Change wire, out VerifiedChange change, out ChangeFault fault)
    {
        change = default;
        var set = wire.Set;
        if (!TryReadOwned(set.Attribute, "set.attribute", out var attribute, out fault)
            || !TryReadKey(set.Subject, "set.subject", out var subject, out fault))
            return false;

        if (attribute.Holding == Wire.Holding.Held)
        {
            if (set.Locator.Length > 0)
                return Refuse(ErrorReasons.ValueRefused, "set.locator", "must be absent, since the attribute is held", out fault);
            if (set.Value is null)
                return Refuse(ErrorReasons.ValueRefused, "set.value", "must be present, since the attribute is held", out fault);
            if (ValueRules.Violation(set.Value, attribute.Type) is { } rule)
                return Refuse(ErrorReasons.ValueRefused, "set.value", rule, out fault);
            change = VerifiedChange.Set(subject, attribute.Id, wire.AsOf.ToDateTimeOffset(), set.Value.ToByteArray(), held: true);
            return true;
        }

        if (set.Value is not null)
            return Refuse(ErrorReasons.ValueRefused, "set.value", "must be absent, since the attribute is only located", out fault);
        if (set.Locator.Length is 0 or > WireLimits.LocatorBytesMax)
            return Refuse(ErrorReasons.ValueRefused, "set.locator", "must be 1 to 320 bytes, since the attribute is located", out fault);
        change = VerifiedChange.Set(subject, attribute.Id, wire.AsOf.ToDateTimeOffset(), set.Locator.Memory, held: false);
        return true;
    }

    private bool TryReadWithdrawal(Wire.Change wire, out VerifiedChange change, out ChangeFault fault)
    {
        change = default;
        if (!TryReadOwned(wire.Withdraw.Attribute, "withdraw.attribute", out var attribute, out fault)
            || !TryReadKey(wire.Withdraw.Subject, "withdraw.subject", out var subject, out fault))
            return false;
        change = VerifiedChange.Withdraw(subject, attribute.Id, wire.AsOf.ToDateTimeOffset());
        return true;
    }

    private bool TryReadLink(Wire.Change wire, out VerifiedChange change, out ChangeFault fault)
    {
        change = default;
        if (!TryReadSubject(wire.Link.Left, "link.left", out var left, out fault)
            || !TryReadSubject(wire.Link.Right, "link.right", out var right, out fault))
            return false;
        if (!catalogue.MayLink(department, left.Scheme, right.Scheme))
            return Refuse(ErrorReasons.LinkNotAllowed, "link", "must join two schemes that the catalogue lets the department link", out fault);
        if (left == right)
            return Refuse(ErrorReasons.BatchMalformed, "link", DifferentRule, out fault);
        change = VerifiedChange.Link(subjectKeys.Of(left), subjectKeys.Of(right), wire.AsOf.ToDateTimeOffset());
        return true;
    }

    /// <summary>Needs no right: what it takes back is the department's own, and may have been said while it had one.</summary>
    private bool TryReadUnlink(Wire.Change wire, out VerifiedChange change, out ChangeFault fault)
    {
        change = default;
        if (!TryReadSubject(wire.Unlink.Left, "unlink.left", out var left, out fault)
            || !TryReadSubject(wire.Unlink.Right, "unlink.right", out var right, out fault))
            return false;
        if (left == right)
            return Refuse(ErrorReasons.BatchMalformed, "unlink", DifferentRule, out fault);
        change = VerifiedChange.Unlink(subjectKeys.Of(left), subjectKeys.Of(right), wire.AsOf.ToDateTimeOffset());
        return true;
    }

    private bool TryReadOwned(string name, string field, out AttributeModel attribute, out ChangeFault fault)
    {
        fault = default;
        return catalogue.Attributes.TryGetValue(new AttributeId(department, name), out attribute!)
            || Refuse(ErrorReasons.AttributeNotOwned, field, "must be an attribute that the catalogue gives the department", out fault);
    }

    private bool TryReadKey(Wire.Identifier? wire, string field, out SubjectKey key, out ChangeFault fault)
    {
        fault = default;
        if (_lastRead is null || !_lastRead.Equals(wire))
        {
            if (!TryReadSubject(wire, field, out var identifier, out fault))
            {
                key = default;
                return false;
            }

            (_lastRead, _lastKey) = (wire, subjectKeys.Of(identifier));
        }

        key = _lastKey;
        return true;
    }

    private bool TryReadSubject(Wire.Identifier? wire, string field, out Identifier identifier, out ChangeFault fault)
    {
        fault = default;
        return catalogue.Schemes.TryRead(wire, field, out identifier, out var error)
            || Refuse(ErrorReasons.IdentifierRefused, error.Field, error.Rule, out fault);
    }

    private static bool Refuse(ErrorReason reason, string field, string rule, out ChangeFault fault)
    {
        fault = new(reason, field, rule);
        return false;
    }
}

using System.Collections.Frozen;
using System.Text;
using DataExchange.Contracts;
using Google.Protobuf;

namespace DataExchange.Adapter;

/// <summary>
/// What a department must not even store, since the hub would refuse it and the stream would stand still; and the sealing of
/// locators. Schemes, code lists and ownership only the hub knows. Not thread safe.
/// </summary>
internal sealed class ChangeRules(IEnumerable<string> held, IEnumerable<string> located, LocatorKey key)
{
    private readonly FrozenDictionary<string, bool> _isLocated =
        held.Select(name => KeyValuePair.Create(name, false)).Concat(located.Select(name => KeyValuePair.Create(name, true)))
            .ToFrozenDictionary(StringComparer.Ordinal);

    // Changes of one subject come in a row: its locator is made once.
    private Identifier _lastSubject;
    private ByteString _lastLocator = ByteString.Empty;

    /// <summary>Checks the change and gives a located one its locator.</summary>
    /// <exception cref="ChangeRefusedException">Names the field and the rule.</exception>
    public void Prepare(Wire.Change change)
    {
        if (change.AsOf is null)
            throw Refused("as_of", "must be present");
        if (!ValueRules.IsTimestamp(change.AsOf))
            throw Refused("as_of", "must be a moment of the years 1 to 9999");
        switch (change.KindCase)
        {
            case Wire.Change.KindOneofCase.Set:
                Prepare(change.Set);
                break;
            case Wire.Change.KindOneofCase.Withdraw:
                Check(change.Withdraw.Subject, "withdraw.subject");
                CheckAttribute(change.Withdraw.Attribute, "withdraw.attribute");
                break;
            case Wire.Change.KindOneofCase.Link:
                CheckPair(change.Link.Left, change.Link.Right, "link");
                break;
            case Wire.Change.KindOneofCase.Unlink:
                CheckPair(change.Unlink.Left, change.Unlink.Right, "unlink");
                break;
            default:
                throw Refused("kind", "must be set, withdraw, link or unlink");
        }
    }

    private static void CheckPair(Wire.Identifier? left, Wire.Identifier? right, string field)
    {
        Check(left, field + ".left");
        Check(right, field + ".right");
        if (left!.Equals(right))
            throw Refused(field + ".right", "must be another identifier");
    }

    private static void Check(Wire.Identifier? identifier, string field)
    {
        if (identifier is null)
            throw Refused(field, "must be present");
        if (!CodeName.IsValid(identifier.Scheme))
            throw Refused(field + ".scheme", CodeName.Rule);
        if (identifier.Value.Length == 0 || Encoding.UTF8.GetByteCount(identifier.Value) > Identifier.ValueBytesMax)
            throw Refused(field + ".value", $"must be 1 to {Identifier.ValueBytesMax} bytes of UTF-8");
    }

    private static ChangeRefusedException Refused(string field, string rule) => new(new FieldError(field, rule));

    private void Prepare(Wire.SetAttribute set)
    {
        Check(set.Subject, "set.subject");
        if (CheckAttribute(set.Attribute, "set.attribute"))
        {
            if (set.Value is not null)
                throw Refused("set.value", "must be absent for a located attribute");
            set.Locator = Locator(set.Subject);
        }
        else
        {
            if (set.Value is null)
                throw Refused("set.value", "must be present for a held attribute");
            // The type that the catalogue declares only the hub knows; that the value is a proper one of its own type is seen here.
            if (ValueRules.Violation(set.Value, (Wire.ValueType)set.Value.KindCase) is { } rule)
                throw Refused("set.value", rule);
            if (!set.Locator.IsEmpty)
                throw Refused("set.locator", "must be absent for a held attribute");
        }
    }

    private bool CheckAttribute(string name, string field) =>
        _isLocated.TryGetValue(name, out var located) ? located : throw Refused(field, "must be one of the adapter's held or located attributes");

    private ByteString Locator(Wire.Identifier subject)
    {
        if (_lastSubject.Value == subject.Value && _lastSubject.Scheme == subject.Scheme)
            return _lastLocator;
        if (Encoding.UTF8.GetByteCount(subject.Scheme) + Encoding.UTF8.GetByteCount(subject.Value) > LocatorKey.IdentifierBytesMax)
            throw Refused("set.subject", $"must be at most {LocatorKey.IdentifierBytesMax} bytes, scheme and value together, for a located attribute");
        _lastSubject = new Identifier(subject.Scheme, subject.Value);
        return _lastLocator = UnsafeByteOperations.UnsafeWrap(key.Seal(subject.Scheme, subject.Value));
    }
}

using DataExchange.Contracts;

namespace DataExchange.Broker.Index;

/// <summary>
/// The attributes by ordinal, so that a record names one in a byte or two. Ordinals are given once and never again: an attribute
/// that leaves the catalogue keeps its own. One writer, any number of readers.
/// </summary>
internal sealed class AttributeTable
{
    // Replaced, never changed: readers hold on to the one they see.
    private volatile Dictionary<AttributeId, uint> _ordinals;
    private volatile AttributeId[] _attributes;

    /// <param name="attributes">In the order of their ordinals, from 0.</param>
    public AttributeTable(IReadOnlyList<AttributeId> attributes)
    {
        _attributes = [.. attributes];
        _ordinals = Enumerable.Range(0, _attributes.Length).ToDictionary(i => _attributes[i], i => (uint)i);
    }

    /// <returns>False for an attribute of which nobody has published anything.</returns>
    public bool TryFind(AttributeId attribute, out uint ordinal) => _ordinals.TryGetValue(attribute, out ordinal);

    /// <exception cref="IndexCorruptionException">No such attribute.</exception>
    public AttributeId Find(uint ordinal)
    {
        var attributes = _attributes;
        return ordinal < (uint)attributes.Length
            ? attributes[ordinal]
            : throw new IndexCorruptionException("A record of the index names an attribute that there is not.");
    }

    /// <summary>The writer's only. The new ordinal MUST be stored in the same atomic write as the first record that names it, or before.</summary>
    public uint Add(AttributeId attribute)
    {
        var ordinal = (uint)_attributes.Length;
        _attributes = [.. _attributes, attribute];
        _ordinals = new Dictionary<AttributeId, uint>(_ordinals) { [attribute] = ordinal };
        return ordinal;
    }
}

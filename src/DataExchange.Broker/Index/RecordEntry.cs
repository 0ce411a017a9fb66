namespace DataExchange.Broker.Index;

/// <summary>What a statement is about: an attribute of the subject, or another identifier of it; in the words of one stream.</summary>
/// <param name="IsLink">About <paramref name="Other"/>; else about <paramref name="Attribute"/>.</param>
/// <param name="Attribute">Ordinal of the attribute, see <see cref="AttributeTable"/>; 0 in a link.</param>
/// <param name="Other">The other identifier of a link; default in a fact.</param>
/// <param name="Stream">Ordinal of the stream, see <see cref="StreamTable"/>.</param>
internal readonly record struct EntryKey(bool IsLink, uint Attribute, SubjectKey Other, uint Stream) : IComparable<EntryKey>
{
    /// <summary>The order in a record: facts by attribute, then links by the other identifier, each by stream.</summary>
    public int CompareTo(EntryKey other)
    {
        if (IsLink != other.IsLink)
            return IsLink ? 1 : -1;
        if (Attribute != other.Attribute)
            return Attribute < other.Attribute ? -1 : 1;
        var byOther = Other.CompareTo(other.Other);
        return byOther != 0 ? byOther : Stream.CompareTo(other.Stream);
    }
}

[Flags]
internal enum EntryFlags : byte
{
    None = 0,

    /// <summary>The content is the value; else it is the provider's locator.</summary>
    Held = 1,

    /// <summary>Withdrawn or unlinked. Kept, so that what it ended cannot come back late.</summary>
    Tombstone = 2,

    /// <summary>
    /// The value is sealed under the data key of its subject, see <see cref="Sealing.ValueSeal"/>. Every value written since version 2 is; a
    /// reader that does not know the flag refuses the record, so that nobody is ever handed a cipher text as a value.
    /// </summary>
    Sealed = 4,

    All = Held | Tombstone | Sealed,
}

/// <summary>One statement on its way into the record of <paramref name="Subject"/>, where a value is sealed.</summary>
/// <param name="PackedAtTicks">When its batch was packed, UTC ticks: what was packed before its subject was erased says nothing any more.</param>
internal readonly record struct Statement(
    SubjectKey Subject, EntryKey Key, ulong Sequence, long AsOfTicks, EntryFlags Flags, ReadOnlyMemory<byte> Content, long PackedAtTicks = long.MaxValue);

/// <summary>A damaged or foreign record: named, never guessed at. Says which, never what is in it.</summary>
internal sealed class IndexCorruptionException(string message) : Exception(message);

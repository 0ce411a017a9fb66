using System.Buffers.Binary;
using DataExchange.Broker.Index.Sealing;

namespace DataExchange.Broker.Index;

/// <summary>Reads a record front to back, strictly: whatever is not exactly as <see cref="RecordFormat"/> says is corruption.</summary>
internal ref struct RecordReader
{
    private readonly ReadOnlySpan<byte> _record;
    private readonly RowKeys _rows;
    private int _position;
    private bool _started;
    private bool _inLinks;

    /// <param name="record">Empty for a subject that nothing is known of.</param>
    /// <param name="subject">Whose record it was read as.</param>
    /// <param name="rows">The store's.</param>
    /// <exception cref="IndexCorruptionException">Not the record of this subject as it was written.</exception>
    public RecordReader(ReadOnlySpan<byte> record, SubjectKey subject, RowKeys rows)
    {
        _rows = rows;
        if (record.IsEmpty)
        {
            _inLinks = true;
            return;
        }
        if (record[0] is not (RecordFormat.Version or RecordFormat.UnsealedVersion) || record.Length < RecordFormat.LengthMin)
            throw Corrupt("its version is unknown or it is cut short");
        _record = record[..^RecordFormat.ChecksumBytes];
        if (BinaryPrimitives.ReadUInt32LittleEndian(record[_record.Length..]) != RecordFormat.Checksum(rows.RowOf(subject, Generation = RecordFormat.GenerationOf(record)), _record))
            throw Corrupt("its checksum is wrong");
        _position = 1;
        if (record[0] == RecordFormat.Version)
            ReadHead();
    }

    /// <summary>Of the row key that the record is under.</summary>
    public uint Generation { get; private set; }

    /// <summary>The subject's wrapped secret; empty if there is none.</summary>
    public ReadOnlySpan<byte> Secret { get; private set; }

    /// <summary>Null if the subject was never erased.</summary>
    public ErasureMark? Erasure { get; private set; }

    public EntryKey Key { get; private set; }

    public ulong Sequence { get; private set; }

    public long AsOfTicks { get; private set; }

    public EntryFlags Flags { get; private set; }

    public ReadOnlySpan<byte> Content { get; private set; }

    /// <summary>The whole entry as it stands, to be copied.</summary>
    public ReadOnlySpan<byte> Raw { get; private set; }

    public readonly bool IsTombstone => (Flags & EntryFlags.Tombstone) != 0;

    /// <exception cref="IndexCorruptionException">The entry is not as the format says.</exception>
    public bool MoveNext()
    {
        var start = _position;
        ulong attribute = 0;
        if (!_inLinks && (attribute = ReadVarint()) == 0)
        {
            _inLinks = true;
            start = _position;
        }
        if (_inLinks && _position >= _record.Length)
            return false;

        var other = _inLinks ? _rows.SubjectOf(SubjectKey.Read(Take(SubjectKey.Size)), Generation) : default;
        var key = new EntryKey(_inLinks, _inLinks ? 0 : Ordinal(attribute - 1), other, Ordinal(ReadVarint()));
        if (_started && key.CompareTo(Key) <= 0)
            throw Corrupt("its entries are out of order");
        Key = key;
        _started = true;
        ReadRest();
        Raw = _record[start.._position];
        return true;
    }

    private void ReadHead()
    {
        var parts = Take(1)[0];
        if ((parts & ~(RecordFormat.SecretPart | RecordFormat.ErasurePart | RecordFormat.GenerationPart)) != 0)
            throw Corrupt("its head has a part that is unknown");
        if ((parts & RecordFormat.GenerationPart) != 0)
            Take(sizeof(uint));
        if ((parts & RecordFormat.SecretPart) != 0)
            Secret = Take(WrappingKey.WrappedBytes);
        if ((parts & RecordFormat.ErasurePart) == 0)
            return;
        var at = BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));
        var through = new SortedDictionary<uint, ulong>();
        for (var left = ReadVarint(); left > 0; left--)
            through[Ordinal(ReadVarint())] = ReadVarint();
        Erasure = new ErasureMark(at, through);
    }

    private void ReadRest()
    {
        Sequence = ReadVarint();
        Flags = (EntryFlags)Take(1)[0];
        if ((Flags & ~EntryFlags.All) != 0)
            throw Corrupt("an entry has a flag that is unknown");
        AsOfTicks = BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));
        if (AsOfTicks < 0 || AsOfTicks > DateTime.MaxValue.Ticks)
            throw Corrupt("an entry has a time that does not exist");
        Content = _inLinks ? default : Take(ReadVarint());
        if ((Flags & EntryFlags.Sealed) != 0 && ((Flags & EntryFlags.Held) == 0 || Content.Length < ValueSeal.OverheadBytes))
            throw Corrupt("a sealed value is cut short or is none");
    }

    private ulong ReadVarint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var b = Take(1)[0];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
                return value;
        }
        throw Corrupt("a number does not end");
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)(_record.Length - _position))
            throw Corrupt("an entry is cut short");
        var bytes = _record.Slice(_position, (int)length);
        _position += bytes.Length;
        return bytes;
    }

    private static uint Ordinal(ulong value) => value <= uint.MaxValue ? (uint)value : throw Corrupt("an ordinal is out of range");

    private static IndexCorruptionException Corrupt(string what) => new($"A record of the index is damaged: {what}.");
}

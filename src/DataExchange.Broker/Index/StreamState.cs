using System.Text;
using DataExchange.Contracts;

namespace DataExchange.Broker.Index;

/// <summary>How far the index is with one stream: one department's one epoch. The writer's own; readers see <see cref="StreamSnapshot"/>.</summary>
internal sealed class StreamState(uint ordinal, DepartmentId department, UInt128 epoch, AppliedRanges applied)
{
    private const byte Version = 2;

    // Written before streams said where their first load ends: whoever was heard of was taken to be complete.
    private const byte VersionWithoutLoading = 1;

    private const int RangeBytesMin = 3 * sizeof(ulong);

    public uint Ordinal => ordinal;

    public DepartmentId Department => department;

    public UInt128 Epoch => epoch;

    public AppliedRanges Applied => applied;

    /// <summary>The highest sequence known to exist, applied or not.</summary>
    public ulong Announced { get; set; }

    /// <inheritdoc cref="StreamSnapshot.CurrentAsOf"/>
    public DateTimeOffset? CurrentAsOf { get; private set; }

    /// <inheritdoc cref="StreamSnapshot.Loading"/>
    public bool Loading { get; private set; } = true;

    /// <summary>Everything up to the watermark has been said as of this moment.</summary>
    /// <returns>True if that ends the first load.</returns>
    public bool BecameCurrent(DateTimeOffset asOf, bool loading)
    {
        if (CurrentAsOf is null || asOf > CurrentAsOf)
            CurrentAsOf = asOf;
        var ends = Loading && !loading;
        Loading &= loading;
        return ends;
    }

    public byte[] Serialize()
    {
        using var buffer = new MemoryStream();
        using var writer = new BinaryWriter(buffer, Encoding.UTF8);
        writer.Write(Version);
        writer.Write(department.Value);
        writer.Write((ulong)(epoch >> 64));
        writer.Write((ulong)epoch);
        writer.Write(Announced);
        writer.Write(CurrentAsOf?.UtcTicks ?? 0);
        writer.Write(Loading);
        writer.Write(applied.Watermark);
        writer.Write(applied.Above.Count);
        foreach (var range in applied.Above)
        {
            writer.Write(range.First);
            writer.Write(range.Last);
            writer.Write(range.PackedAt.UtcTicks);
            writer.Write(range.Loading);
        }
        writer.Flush();
        return buffer.ToArray();
    }

    /// <exception cref="IndexCorruptionException">Not what <see cref="Serialize"/> made.</exception>
    public static StreamState Deserialize(uint ordinal, byte[] bytes)
    {
        try
        {
            using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
            var version = reader.ReadByte();
            if (version is not (Version or VersionWithoutLoading))
                throw new IndexCorruptionException("The state of a stream has an unknown version.");
            var department = DepartmentId.Parse(reader.ReadString());
            var epoch = new UInt128(reader.ReadUInt64(), reader.ReadUInt64());
            var announced = reader.ReadUInt64();
            var currentAsOf = reader.ReadInt64();
            var loading = version == VersionWithoutLoading ? currentAsOf == 0 : reader.ReadBoolean();
            var watermark = reader.ReadUInt64();
            var pieces = reader.ReadInt32();
            // Before room is made for them: a damaged number would take all the memory there is.
            if ((uint)pieces > (uint)(bytes.Length / RangeBytesMin))
                throw new IndexCorruptionException("The state of a stream is damaged.");
            var above = new AppliedRange[pieces];
            for (var i = 0; i < above.Length; i++)
                above[i] = new AppliedRange(reader.ReadUInt64(), reader.ReadUInt64(), new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero), version == Version && reader.ReadBoolean());
            return new StreamState(ordinal, department, epoch, new AppliedRanges(watermark, above))
            {
                Announced = announced,
                CurrentAsOf = currentAsOf == 0 ? null : new DateTimeOffset(currentAsOf, TimeSpan.Zero),
                Loading = loading,
            };
        }
        catch (Exception e) when (e is IOException or FormatException or ArgumentException or OverflowException)
        {
            throw new IndexCorruptionException("The state of a stream is damaged.");
        }
    }
}

using System.Text;
using DataExchange.Contracts;

namespace DataExchange.Broker.Index;

/// <summary>One department: its streams, the one in force, and its quarantine. The writer's own.</summary>
internal sealed class DepartmentState(DepartmentId id)
{
    private const byte Version = 1;

    private IReadOnlyList<SequenceGap> _gaps = [];

    public DepartmentId Id => id;

    /// <summary>Every stream that was ever in force, by epoch.</summary>
    public Dictionary<UInt128, StreamState> Streams { get; } = [];

    public required StreamState Current { get; set; }

    public StreamQuarantine? Quarantine { get; set; }

    /// <summary>
    /// True if the operator has answered what caused the quarantine: by accepting the epoch of the batch at hand. A stream that
    /// contradicted itself cannot be accepted again; an unknown one appearing beside it says nothing against it.
    /// </summary>
    public bool IsQuarantineAnswered(VerifiedBatch batch) =>
        batch.AcceptedEpoch == batch.Epoch && (Quarantine?.Outcome != ApplyOutcome.SequenceRewritten || batch.Epoch != Current.Epoch);

    public StreamSnapshot Snapshot(DateTimeOffset now)
    {
        _gaps = [.. Current.Applied.Missing(Current.Announced).Select(missing => new SequenceGap(missing.First, missing.Last, SeenAt(missing, now)))];
        return new StreamSnapshot
        {
            Department = id,
            Epoch = Current.Epoch,
            Watermark = Current.Applied.Watermark,
            Announced = Math.Max(Current.Announced, Current.Applied.Watermark),
            Gaps = _gaps,
            Quarantine = Quarantine,
            CurrentAsOf = Current.CurrentAsOf,
            Loading = Current.Loading,
        };
    }

    public byte[] Serialize()
    {
        using var buffer = new MemoryStream();
        using var writer = new BinaryWriter(buffer, Encoding.UTF8);
        writer.Write(Version);
        writer.Write(Current.Ordinal);
        writer.Write((byte)(Quarantine?.Outcome ?? ApplyOutcome.Applied));
        writer.Write((ulong)((Quarantine?.Epoch ?? 0) >> 64));
        writer.Write((ulong)(Quarantine?.Epoch ?? 0));
        writer.Write(Quarantine?.Since.UtcTicks ?? 0);
        writer.Flush();
        return buffer.ToArray();
    }

    /// <exception cref="IndexCorruptionException">Not what <see cref="Serialize"/> made, or of other streams.</exception>
    public static DepartmentState Deserialize(DepartmentId id, byte[] bytes, IReadOnlyList<StreamState> streams)
    {
        try
        {
            using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
            if (reader.ReadByte() != Version)
                throw new IndexCorruptionException("The state of a department has an unknown version.");
            var ordinal = reader.ReadUInt32();
            if (ordinal >= streams.Count || streams[(int)ordinal].Department != id)
                throw new IndexCorruptionException("The state of a department names a stream that is not its own.");
            var department = new DepartmentState(id) { Current = streams[(int)ordinal] };
            foreach (var stream in streams.Where(stream => stream.Department == id))
                department.Streams.Add(stream.Epoch, stream);
            var outcome = (ApplyOutcome)reader.ReadByte();
            var epoch = new UInt128(reader.ReadUInt64(), reader.ReadUInt64());
            var since = new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero);
            department.Quarantine = outcome == ApplyOutcome.Applied ? null : new StreamQuarantine(outcome, epoch, since);
            return department;
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            throw new IndexCorruptionException("The state of a department is damaged.");
        }
    }

    /// <summary>A gap that shrinks or splits stays as old as it was.</summary>
    private DateTimeOffset SeenAt((ulong First, ulong Last) missing, DateTimeOffset now)
    {
        foreach (var known in _gaps)
        {
            if (known.First <= missing.Last && missing.First <= known.Last && known.SeenAt < now)
                now = known.SeenAt;
        }
        return now;
    }
}

using System.Collections.Immutable;
using DataExchange.Contracts;

namespace DataExchange.Broker.Index;

/// <summary>
/// Which streams there are, by ordinal: a stream is one department's one epoch, and records name it by a number of a byte or two.
/// Ordinals are given once and never again. Immutable; the writer publishes a new table before the first record that needs it.
/// </summary>
internal sealed class StreamTable
{
    public static readonly StreamTable Empty = new([]);

    private readonly ImmutableArray<Row> _rows;

    private StreamTable(ImmutableArray<Row> rows) => _rows = rows;

    public int Count => _rows.Length;

    /// <summary>What a stream says counts only while it is its department's current one.</summary>
    /// <exception cref="IndexCorruptionException">No such stream.</exception>
    public bool IsCurrent(uint stream) => Find(stream).IsCurrent;

    /// <exception cref="IndexCorruptionException">No such stream.</exception>
    public DepartmentId Department(uint stream) => Find(stream).Department;

    /// <exception cref="IndexCorruptionException">No such stream.</exception>
    public UInt128 Epoch(uint stream) => Find(stream).Epoch;

    /// <returns>A table with this stream at the next ordinal, not current.</returns>
    public StreamTable Add(DepartmentId department, UInt128 epoch) => new(_rows.Add(new Row(department, epoch, IsCurrent: false)));

    /// <returns>A table where this stream and no other of its department is current.</returns>
    public StreamTable MakeCurrent(uint stream)
    {
        var department = Find(stream).Department;
        return new([.. _rows.Select((row, ordinal) => row.Department == department ? row with { IsCurrent = ordinal == stream } : row)]);
    }

    /// <returns>False for a stream that the index has nothing of.</returns>
    public bool TryFind(DepartmentId department, UInt128 epoch, out uint stream)
    {
        for (stream = 0; stream < (uint)_rows.Length; stream++)
        {
            if (_rows[(int)stream].Department == department && _rows[(int)stream].Epoch == epoch)
                return true;
        }
        return false;
    }

    private Row Find(uint stream) =>
        stream < (uint)_rows.Length ? _rows[(int)stream] : throw new IndexCorruptionException("A record of the index names a stream that there is not.");

    private sealed record Row(DepartmentId Department, UInt128 Epoch, bool IsCurrent);
}

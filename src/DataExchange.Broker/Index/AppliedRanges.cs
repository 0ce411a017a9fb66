namespace DataExchange.Broker.Index;

/// <summary>Sequences that are applied without a hole between them.</summary>
/// <param name="First">The first.</param>
/// <param name="Last">The last.</param>
/// <param name="PackedAt">The newest moment that a batch among them speaks for.</param>
/// <param name="Loading">No batch among them says that the department's first load is complete.</param>
internal readonly record struct AppliedRange(ulong First, ulong Last, DateTimeOffset PackedAt, bool Loading = false);

/// <summary>
/// Which sequences of one stream are applied: all up to the watermark, and above it the pieces that came before what precedes them.
/// </summary>
internal sealed class AppliedRanges
{
    // Ascending, never touching each other nor the watermark.
    private readonly List<AppliedRange> _above;

    public AppliedRanges(ulong watermark, IEnumerable<AppliedRange> above)
    {
        Watermark = watermark;
        _above = [.. above];
    }

    public ulong Watermark { get; private set; }

    public IReadOnlyList<AppliedRange> Above => _above;

    /// <returns>True if any sequence from first to last is applied.</returns>
    public bool Overlaps(ulong first, ulong last)
    {
        var next = NextAbove(first);
        return first <= Watermark || (next < _above.Count && _above[next].First <= last);
    }

    /// <param name="range">MUST NOT overlap what is applied.</param>
    /// <param name="piecesMax">Pieces kept above the watermark.</param>
    /// <param name="passed">What the watermark has moved over; null if it did not move.</param>
    /// <returns>False, and nothing changed, if that would make too many pieces.</returns>
    public bool TryAdd(AppliedRange range, int piecesMax, out AppliedRange? passed)
    {
        passed = null;
        var next = NextAbove(range.First);
        var joinsBelow = range.First == Watermark + 1 || (next > 0 && _above[next - 1].Last == range.First - 1);
        var joinsAbove = next < _above.Count && _above[next].First == range.Last + 1;
        if (!joinsBelow && !joinsAbove && _above.Count >= piecesMax)
            return false;

        if (joinsAbove)
        {
            range = Join(range, _above[next]);
            _above.RemoveAt(next);
        }
        if (range.First == Watermark + 1)
        {
            Watermark = range.Last;
            passed = range;
        }
        else if (joinsBelow)
        {
            _above[next - 1] = Join(_above[next - 1], range);
        }
        else
        {
            _above.Insert(next, range);
        }
        return true;
    }

    /// <summary>What is missing above the watermark up to <paramref name="announced"/>, ascending.</summary>
    public IEnumerable<(ulong First, ulong Last)> Missing(ulong announced)
    {
        var next = Watermark + 1;
        foreach (var range in _above)
        {
            yield return (next, range.First - 1);
            next = range.Last + 1;
        }
        if (announced >= next)
            yield return (next, announced);
    }

    private static AppliedRange Join(AppliedRange lower, AppliedRange upper) =>
        new(lower.First, upper.Last, lower.PackedAt > upper.PackedAt ? lower.PackedAt : upper.PackedAt, lower.Loading && upper.Loading);

    /// <summary>The first piece that ends at or after <paramref name="sequence"/>.</summary>
    private int NextAbove(ulong sequence)
    {
        var (low, high) = (0, _above.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_above[middle].Last < sequence)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}

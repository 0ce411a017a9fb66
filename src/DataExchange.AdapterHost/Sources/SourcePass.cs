using DataExchange.AdapterHost.Mapping;
using DataExchange.AdapterHost.Memory;

namespace DataExchange.AdapterHost.Sources;

/// <summary>One reading of one source from its first row to its last, and then what is gone; block by block.</summary>
internal sealed class SourcePass : IAsyncDisposable
{
    // What memory and one transaction may hold.
    private const int BlockChangesMax = 8_192;

    // A change does not wait for the end of a long file without others.
    private const int BlockRowsMax = 65_536;

    private readonly SourceMapping _mapping;
    private readonly SourceMemory _memory;
    private readonly RowVersion _version;
    private readonly RowChanges _changes;
    private readonly SeenRows _seen = new();
    private readonly IAsyncEnumerator<SourceRow> _rows;
    private readonly Func<int, bool> _isSeen;
    private readonly int _subjectsBefore;
    private IEnumerator<RememberedRow>? _gone;
    private int _published;

    public SourcePass(IRowSource source, SourceMapping mapping, SourceMemory memory, RowVersion version, CancellationToken cancellationToken)
    {
        (_mapping, _memory, _version, _subjectsBefore) = (mapping, memory, version, memory.Subjects);
        _changes = new RowChanges(mapping, memory);
        _isSeen = _seen.Contains;
        _rows = source.ReadAsync(version, mapping.Columns, cancellationToken).GetAsyncEnumerator(cancellationToken);
    }

    /// <summary>The changes of the block at hand.</summary>
    public List<Wire.Change> Block { get; private set; } = [];

    public bool IsPartial => _version.IsPartial;

    public ReadingFigures Figures { get; } = new();

    /// <summary>Reads on until the block is full. False once all rows have been read and the last block was given.</summary>
    public async Task<bool> NextAsync(CancellationToken cancellationToken)
    {
        // The pump looks after what it has while this goes on.
        await Task.Yield();
        Begin();
        _memory.Begin();
        for (var rows = 0; Block.Count < BlockChangesMax && (rows < BlockRowsMax || Block.Count == 0); rows++)
        {
            if (!await _rows.MoveNextAsync())
                break;
            cancellationToken.ThrowIfCancellationRequested();
            Figures.Rows++;
            if (_changes.Take(_rows.Current, _version.WrittenAt, Figures, _isSeen, IsPartial) is not { } taken)
                continue;
            // An empty row that was never published has no number of its own.
            if (taken.Number <= _memory.Last)
                _seen.Add(taken.Number);
            if (taken.IsPublished)
                _published++;
        }

        Figures.Changes += Block.Count;
        return Block.Count > 0;
    }

    /// <summary>Withdraws of what is gone until the block is full. False once nothing is left.</summary>
    public async Task<bool> NextGoneAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        Begin();
        // Whoever is not there is looked for only where somebody is missing.
        if (!IsPartial && CountGone() == 0)
            return false;
        _memory.Begin();
        _gone ??= Gone().GetEnumerator();
        while (Block.Count < BlockChangesMax && _gone.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            _changes.Withdraw(_gone.Current, _version.WrittenAt);
            Figures.Withdrawn++;
        }

        Figures.Changes += Block.Count;
        return Block.Count > 0;
    }

    public async ValueTask DisposeAsync()
    {
        _gone?.Dispose();
        await _rows.DisposeAsync();
    }

    /// <summary>Why a person has to say that what is gone is to be withdrawn; null where nobody has to. Known once <see cref="NextAsync"/> has answered false.</summary>
    public string? Doubt()
    {
        var gone = CountGone();
        if (gone > 0 && Figures.RowsUnidentified > 0)
            return $"{gone} of {_subjectsBefore} subjects are gone, and {Figures.RowsUnidentified} rows that were refused do not say whose they are";
        return _subjectsBefore > 0 && 100.0 * gone / _subjectsBefore > _mapping.Config.WithdrawPercentMax
            ? $"{gone} of {_subjectsBefore} subjects are gone, more than {_mapping.Config.WithdrawPercentMax} %"
            : null;
    }

    private int CountGone() => IsPartial ? Gone().Count() : _memory.Subjects - _published;

    private IEnumerable<RememberedRow> Gone() =>
        (IsPartial ? _changes.Leaving.Select(subject => _memory.Find(subject)) : _memory.All()).Where(row => row.State.Length > 0 && !_seen.Contains(row.Number));

    /// <summary>Whoever has the last block still reads it.</summary>
    private void Begin() => _changes.Into = Block = [];
}

/// <param name="Number">The checkpoint behind its last change.</param>
internal sealed record SourceBlock(long Number, IReadOnlyList<Wire.Change> Changes);

/// <summary>A bit for each row's number.</summary>
internal sealed class SeenRows
{
    private ulong[] _bits = new ulong[1_024];

    public bool Contains(int number) => number >> 6 < _bits.Length && (_bits[number >> 6] & (1UL << number)) != 0;

    public void Add(int number)
    {
        if (number >> 6 >= _bits.Length)
            Array.Resize(ref _bits, Math.Max(_bits.Length * 2, (number >> 6) + 1));
        _bits[number >> 6] |= 1UL << number;
    }
}

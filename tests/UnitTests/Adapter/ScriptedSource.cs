using System.Runtime.CompilerServices;
using DataExchange.Adapter;

namespace DataExchange.UnitTests.Adapter;

/// <summary>A department's store: a list of changes, whose checkpoints are their numbers from 1.</summary>
internal sealed class ScriptedSource : IChangeSource
{
    private readonly Lock _lock = new();
    private readonly List<Wire.Change> _changes = [];
    private readonly TaskCompletionSource _waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _added = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Waits at its end for more instead of ending.</summary>
    public bool Waits { get; set; }

    /// <summary>Called before change number n is given; may throw.</summary>
    public Action<int>? OnGive { get; set; }

    /// <summary>The checkpoint of each reading, in order.</summary>
    public List<string?> Readings { get; } = [];

    public void Add(int count, int padding = 0) => Add(Enumerable.Range(0, count).Select(i => Sample.Change(_changes.Count + 1 + i, padding)).ToList());

    public void AddLocated(params string[] values) => Add([.. values.Select(Located)]);

    /// <summary>A held attribute without a value.</summary>
    public void AddWrong()
    {
        var change = Sample.Change(1);
        change.Set.Value = null;
        Add([change]);
    }

    /// <summary>It has given everything and been asked for more.</summary>
    public Task WaitingAsync() => _waiting.Task;

    public void Replace(int number, Wire.Change change)
    {
        lock (_lock)
            _changes[number - 1] = change;
    }

    public async IAsyncEnumerable<SourceChange> ReadAsync(string? checkpoint, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        lock (_lock)
            Readings.Add(checkpoint);
        for (var number = int.Parse(checkpoint ?? "0", System.Globalization.CultureInfo.InvariantCulture) + 1; ; number++)
        {
            while (!Has(number, out var added))
            {
                if (!Waits)
                    yield break;
                _waiting.TrySetResult();
                await added.WaitAsync(cancellationToken);
            }
            OnGive?.Invoke(number);
            yield return new SourceChange(Get(number), $"{number}");
        }
    }

    private Wire.Change Get(int number)
    {
        lock (_lock)
            return _changes[number - 1].Clone();
    }

    private bool Has(int number, out Task added)
    {
        lock (_lock)
        {
            added = _added.Task;
            return number <= _changes.Count;
        }
    }

    private void Add(IReadOnlyList<Wire.Change> changes)
    {
        lock (_lock)
        {
            _changes.AddRange(changes);
            _added.SetResult();
            _added = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private static Wire.Change Located(string value)
    {
        var change = Sample.Change(1);
        change.Set.Subject.Value = value;
        (change.Set.Attribute, change.Set.Value) = (Sample.Located, null);
        return change;
    }
}

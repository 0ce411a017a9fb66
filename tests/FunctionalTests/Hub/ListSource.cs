using System.Globalization;
using System.Runtime.CompilerServices;
using DataExchange.Adapter;
using DataExchange.Contracts;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.FunctionalTests.Hub;

/// <summary>A department's store: a list of changes that tests add to, and live values. Thread safe.</summary>
internal sealed class ListSource : IChangeSource, ILiveSource
{
    private static readonly DateTimeOffset AsOf = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Lock _lock = new();
    private readonly List<Wire.Change> _changes = [];
    private readonly Dictionary<Identifier, string> _live = [];
    private Exception? _failure;
    private TaskCompletionSource? _end;

    /// <summary>What every live fetch fails with; null to answer.</summary>
    public Exception? Failure
    {
        get => Volatile.Read(ref _failure);
        set => Volatile.Write(ref _failure, value);
    }

    /// <summary>From now on no reading comes to its end until <see cref="End"/>.</summary>
    public void HoldEnd() => _end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void End() => _end!.SetResult();

    public ulong Count
    {
        get
        {
            lock (_lock)
                return (ulong)_changes.Count;
        }
    }

    /// <summary>States a held and a located value of one subject.</summary>
    public void Add(Identifier subject, string held, string live)
    {
        lock (_lock)
        {
            _live[subject] = live;
            _changes.Add(Set(subject, TestCatalogue.Status, new Wire.Value { Text = held }));
            _changes.Add(Set(subject, TestCatalogue.Address, null));
        }
    }

    /// <summary>States that both name the same subject.</summary>
    public void Link(Identifier left, Identifier right)
    {
        lock (_lock)
            _changes.Add(new() { Link = new() { Left = left.ToWire(), Right = right.ToWire() }, AsOf = AsOf.ToTimestamp() });
    }

    public async IAsyncEnumerable<SourceChange> ReadAsync(string? checkpoint, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var at = checkpoint is null ? 0 : int.Parse(checkpoint, CultureInfo.InvariantCulture); ; at++)
        {
            var change = Get(at);
            if (change is null && _end is { } end)
            {
                await end.Task.WaitAsync(cancellationToken);
                change = Get(at);
            }

            if (change is null)
                yield break;
            yield return new SourceChange(change, (at + 1).ToString(CultureInfo.InvariantCulture));
        }
    }

    public ValueTask<IReadOnlyList<LiveValue>> FetchAsync(IReadOnlyList<LiveItem> items, LiveFetchContext why, CancellationToken cancellationToken)
    {
        if (Failure is { } failure)
            throw failure;
        lock (_lock)
            return new([.. items.Select(item => LiveValue.Found(new Wire.Value { Text = _live[item.Subject] }, AsOf))]);
    }

    private Wire.Change? Get(int at)
    {
        lock (_lock)
            return at < _changes.Count ? _changes[at] : null;
    }

    private static Wire.Change Set(Identifier subject, string attribute, Wire.Value? value) =>
        new() { Set = new() { Subject = subject.ToWire(), Attribute = attribute, Value = value }, AsOf = AsOf.ToTimestamp() };
}

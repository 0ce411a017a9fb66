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

    /// <summary>What every live fetch fails with; null to answer.</summary>
    public Exception? Failure
    {
        get => Volatile.Read(ref _failure);
        set => Volatile.Write(ref _failure, value);
    }

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

    public async IAsyncEnumerable<SourceChange> ReadAsync(string? checkpoint, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        for (var at = checkpoint is null ? 0 : int.Parse(checkpoint, CultureInfo.InvariantCulture); ; at++)
        {
            Wire.Change change;
            lock (_lock)
            {
                if (at >= _changes.Count)
                    yield break;
                change = _changes[at];
            }

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

    private static Wire.Change Set(Identifier subject, string attribute, Wire.Value? value) =>
        new() { Set = new() { Subject = subject.ToWire(), Attribute = attribute, Value = value }, AsOf = AsOf.ToTimestamp() };
}

using System.Collections.Frozen;
using System.Globalization;
using System.Runtime.CompilerServices;
using DataExchange.Adapter;
using DataExchange.Contracts;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.Cli.Registers;

/// <summary>
/// A register's rows as changes: each filled column a fact, each filled map row a link. The file is fixed, so a place in it is the
/// number of changes before it.
/// </summary>
internal sealed class RegisterSource : IChangeSource, ILiveSource
{
    private readonly Register _register;
    private readonly Timestamp _asOf;
    private readonly Lazy<FrozenDictionary<(string Subject, string Column), string>> _located;

    public RegisterSource(Register register, DateOnly published)
    {
        _register = register;
        _asOf = published.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc).ToTimestamp();
        _located = new(() => Located(register));
    }

    /// <summary>How many changes the register comes to.</summary>
    public int Count() => Changes().Count();

    public async IAsyncEnumerable<SourceChange> ReadAsync(string? checkpoint, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var done = checkpoint is null ? 0 : int.Parse(checkpoint, CultureInfo.InvariantCulture);
        foreach (var change in Changes().Skip(done))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new SourceChange(change, (++done).ToString(CultureInfo.InvariantCulture));
        }

        await Task.CompletedTask;
    }

    public ValueTask<IReadOnlyList<LiveValue>> FetchAsync(
        IReadOnlyList<LiveItem> items, LiveFetchContext why, CancellationToken cancellationToken)
    {
        var values = new LiveValue[items.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = _located.Value.TryGetValue((items[i].Subject.Value, items[i].Attribute), out var text)
                ? LiveValue.Found(new Wire.Value { Text = text }, _asOf.ToDateTimeOffset())
                : LiveValue.Absent;
        }

        return new(values);
    }

    private IEnumerable<Wire.Change> Changes()
    {
        foreach (var row in _register.Rows())
        {
            var subject = new Identifier(_register.Scheme, row[_register.Scheme]);
            foreach (var column in _register.Held)
            {
                if (row[column] is { Length: > 0 } value)
                    yield return Set(subject, column, new Wire.Value { Text = value });
            }

            foreach (var column in _register.Located)
            {
                if (row[column].Length > 0)
                    yield return Set(subject, column, null);
            }
        }

        foreach (var (mapped, body) in _register.LinkRows())
            yield return new Wire.Change { Link = new() { Left = body.ToWire(), Right = mapped.ToWire() }, AsOf = _asOf };
    }

    private Wire.Change Set(Identifier subject, string column, Wire.Value? value) =>
        new() { Set = new() { Subject = subject.ToWire(), Attribute = column, Value = value }, AsOf = _asOf };

    private static FrozenDictionary<(string Subject, string Column), string> Located(Register register) => register.Rows()
        .SelectMany(row => register.Located.Select(column => (Key: (row[register.Scheme], column), Value: row[column])))
        .Where(cell => cell.Value.Length > 0)
        .GroupBy(cell => cell.Key, cell => cell.Value)
        .ToFrozenDictionary(cells => cells.Key, cells => cells.Last());
}

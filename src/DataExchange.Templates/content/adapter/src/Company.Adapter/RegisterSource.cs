using System.Globalization;
using System.Runtime.CompilerServices;
using DataExchange.Adapter;
using DataExchange.Wire;
using Google.Protobuf.WellKnownTypes;

namespace Company.Adapter;

/// <summary>
/// The department's own store, as changes in a fixed order. This one reads a journal, one line a change, that is only ever added to:
/// <c>number,since,body,status</c>; an empty status says that the body has none any more. The rules are those of <see cref="IChangeSource"/>.
/// </summary>
public sealed class RegisterSource(IConfiguration configuration) : IChangeSource
{
    private readonly string _path = configuration["Register:Path"] ?? throw new InvalidOperationException("Register:Path names the journal.");

    public async IAsyncEnumerable<SourceChange> ReadAsync(string? checkpoint, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // The checkpoint is the number of the last line that is stored: a database would be asked for WHERE number > @checkpoint ORDER BY number.
        var from = long.Parse(checkpoint ?? "0", CultureInfo.InvariantCulture);
        await foreach (var line in File.ReadLinesAsync(_path, cancellationToken))
        {
            var cells = line.Split(',');
            if (long.TryParse(cells[0], CultureInfo.InvariantCulture, out var number) && number > from)
                yield return new SourceChange(ChangeOf(cells), cells[0]);
        }
    }

    private static Change ChangeOf(string[] cells)
    {
        var body = new Identifier { Scheme = "body", Value = cells[2] };
        var change = cells[3].Length > 0
            ? new Change { Set = new SetAttribute { Subject = body, Attribute = "status", Value = new DataExchange.Wire.Value { Code = cells[3] } } }
            : new Change { Withdraw = new WithdrawAttribute { Subject = body, Attribute = "status" } };
        change.AsOf = Timestamp.FromDateTimeOffset(DateTimeOffset.Parse(cells[1], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal));
        return change;
    }
}

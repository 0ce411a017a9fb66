using CsCheck;
using DataExchange.Adapter;
using DataExchange.Contracts;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Options;

namespace DataExchange.UnitTests.Adapter;

/// <summary>Changes and options of the department "tax", which holds "name" back from nobody and "income" from the hub.</summary>
internal static class Sample
{
    public const string Held = "name";
    public const string Located = "income";

    public static readonly DepartmentId Department = DepartmentId.Parse("tax");

    public static readonly Gen<Wire.Value> Value = Gen.OneOf(
        Gen.String[Gen.Char['\u00a0', '\u9fff'], 0, 60].Select(t => new Wire.Value { Text = t }),
        Gen.Long.Select(i => new Wire.Value { Integer = i }),
        Gen.Bool.Select(b => new Wire.Value { Flag = b }),
        Gen.Int[1, 28].Select(d => new Wire.Value { Date = new Wire.Date { Year = 2_000 + d, Month = 2, Day = d } }));

    public static readonly Gen<Wire.Identifier> Identifier =
        Gen.Select(Gen.String[Gen.Char['a', 'z'], 1, 12], Gen.String[Gen.Char['0', '\u4fff'], 1, 40]).Select((scheme, value) => new Wire.Identifier { Scheme = scheme, Value = value });

    /// <summary>Any change that the library takes.</summary>
    public static readonly Gen<Wire.Change> AnyChange = Gen.Select(Gen.Int[0, 4], Identifier, Identifier, Value, Gen.Int[0, 2_000_000_000]).Select((kind, left, right, value, seconds) =>
    {
        var other = left.Equals(right) ? new Wire.Identifier { Scheme = right.Scheme + "x", Value = right.Value } : right;
        var change = kind switch
        {
            0 => new Wire.Change { Set = new Wire.SetAttribute { Subject = left, Attribute = Held, Value = value } },
            1 => new Wire.Change { Set = new Wire.SetAttribute { Subject = left, Attribute = Located } },
            2 => new Wire.Change { Withdraw = new Wire.WithdrawAttribute { Subject = left, Attribute = Held } },
            3 => new Wire.Change { Link = new Wire.LinkIdentifiers { Left = left, Right = other } },
            _ => new Wire.Change { Unlink = new Wire.UnlinkIdentifiers { Left = left, Right = other } },
        };
        change.AsOf = new Timestamp { Seconds = seconds };
        return change;
    });

    public static Wire.Change Change(int number, int padding = 0) => new()
    {
        Set = new Wire.SetAttribute
        {
            Subject = new Wire.Identifier { Scheme = "person", Value = $"{number}" },
            Attribute = Held,
            Value = new Wire.Value { Text = new string('x', padding) + number },
        },
        AsOf = new Timestamp { Seconds = 1_700_000_000 },
    };

    public static SourceChange SourceChange(int number, int padding = 0) => new(Change(number, padding), $"{number}");

    public static LocatorKey Key(byte fill = 7) => new(Enumerable.Repeat(fill, LocatorKey.KeyBytes).ToArray());

    /// <summary>One batch of <paramref name="count"/> changes.</summary>
    public static OutboxBatch Batch(Outbox outbox, ulong first, int count)
    {
        var packer = new BatchPacker(Department.Value, outbox.Epoch, WireLimits.BatchChangesMax, WireLimits.BatchBytesMax);
        for (var i = 0; i < count; i++)
            packer.TryAdd(Change((int)first + i));
        return packer.Seal(first, DateTimeOffset.UnixEpoch.AddYears(50));
    }

    /// <summary>Appends batches of the given sizes, each in a transaction of its own; the checkpoint is the last sequence.</summary>
    public static void Fill(Outbox outbox, params int[] sizes)
    {
        foreach (var size in sizes)
        {
            var batch = Batch(outbox, outbox.LastSequence + 1, size);
            outbox.Append([batch], $"{batch.LastSequence}");
        }
    }

    public static IReadOnlyList<OutboxBatch> All(Outbox outbox)
    {
        var batches = outbox.Read(outbox.FirstSequence, int.MaxValue);
        return batches;
    }

    public static Wire.ChangeBatch Parse(this OutboxBatch batch) => Wire.ChangeBatch.Parser.ParseFrom(batch.Payload);

    public static IOptions<DepartmentAdapterOptions> Options(Action<DepartmentAdapterOptions>? change = null)
    {
        var options = new DepartmentAdapterOptions
        {
            Department = Department.Value,
            StateFolder = "state",
            HeldAttributes = [Held],
            LocatedAttributes = [Located],
            HubAddress = new Uri("https://localhost:1"),
            HubName = "hub1",
            HubKeyIds = [new string('0', KeyId.Length)],
        };
        change?.Invoke(options);
        return Microsoft.Extensions.Options.Options.Create(options);
    }

    public static string Hex(ByteString bytes) => Convert.ToHexStringLower(bytes.Span);
}

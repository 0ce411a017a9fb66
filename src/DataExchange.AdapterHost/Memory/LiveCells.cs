using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.AdapterHost.Memory;

/// <summary>A subject's located values as last read, by attribute: what Fetch is answered with where the source cannot be asked.</summary>
internal sealed class LiveCells
{
    private readonly Dictionary<string, Wire.FetchedValue> _values = new(StringComparer.Ordinal);

    public static LiveCells From(byte[]? bytes)
    {
        var cells = new LiveCells();
        if (bytes is null)
            return cells;
        using var reader = new BinaryReader(new MemoryStream(bytes));
        while (reader.BaseStream.Position < bytes.Length)
            cells._values[reader.ReadString()] = Wire.FetchedValue.Parser.ParseFrom(reader.ReadBytes(reader.Read7BitEncodedInt()));
        return cells;
    }

    public Wire.FetchedValue? this[string attribute] => _values.GetValueOrDefault(attribute);

    public void Set(string attribute, Wire.Value value, Timestamp asOf) => _values[attribute] = new Wire.FetchedValue { Value = value, AsOf = asOf };

    public void Remove(string attribute) => _values.Remove(attribute);

    /// <summary>Null for none.</summary>
    public byte[]? ToBytes()
    {
        if (_values.Count == 0)
            return null;
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        foreach (var (attribute, value) in _values)
        {
            writer.Write(attribute);
            var message = value.ToByteArray();
            writer.Write7BitEncodedInt(message.Length);
            writer.Write(message);
        }

        return bytes.ToArray();
    }
}

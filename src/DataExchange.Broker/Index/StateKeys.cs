using System.Buffers.Binary;
using System.Text;
using DataExchange.Contracts;

namespace DataExchange.Broker.Index;

/// <summary>The keys of the store's state: a letter for the kind, then an ordinal (big endian) or a department.</summary>
internal static class StateKeys
{
    public const byte Attribute = (byte)'a';
    public const byte Stream = (byte)'s';
    public const byte Department = (byte)'d';

    /// <summary>Fingerprints of the wrapping keys in use, by number.</summary>
    public const byte WrappingKey = (byte)'w';

    /// <summary>Fingerprints of the row keys in use, by number.</summary>
    public const byte RowKey = (byte)'i';

    /// <summary>Up to where the audit log's erasures are carried out.</summary>
    public static ReadOnlySpan<byte> ErasedThrough => "e"u8;

    /// <summary>How far the records are with the current wrapping key.</summary>
    public static ReadOnlySpan<byte> Renewal => "r"u8;

    public static ReadOnlySpan<byte> HubKeyFingerprint => "k"u8;

    public static ReadOnlySpan<byte> Statistics => "n"u8;

    public static byte[] Of(byte kind, uint ordinal)
    {
        var key = new byte[1 + sizeof(uint)];
        key[0] = kind;
        BinaryPrimitives.WriteUInt32BigEndian(key.AsSpan(1), ordinal);
        return key;
    }

    public static uint OrdinalOf(ReadOnlySpan<byte> key) => BinaryPrimitives.ReadUInt32BigEndian(key[1..]);

    public static byte[] Of(DepartmentId department) => [Department, .. Encoding.UTF8.GetBytes(department.Value)];

    public static DepartmentId DepartmentOf(ReadOnlySpan<byte> key) => DepartmentId.Parse(Encoding.UTF8.GetString(key[1..]));
}

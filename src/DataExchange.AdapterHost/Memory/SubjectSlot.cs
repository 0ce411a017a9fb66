using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace DataExchange.AdapterHost.Memory;

/// <summary>
/// Row ids made from subjects: 8 bits of the source, 55 of a hash. Two subjects of one hash take neighbouring slots, so that one range of a few
/// ids holds all that a subject can be under, and a source's rows are one range too.
/// </summary>
internal static class SubjectSlot
{
    public const int SourcesMax = 255;
    public const int Neighbours = 4;

    private const int HashBits = 55;

    public static long First(int source, string subject) =>
        Base(source) | (long)Math.Min(XxHash3.HashToUInt64(MemoryMarshal.AsBytes(subject.AsSpan())) >> (64 - HashBits), (1UL << HashBits) - Neighbours);

    /// <summary>Where a source's ids begin; they end before those of the next number.</summary>
    public static long Base(int source) => (long)source << HashBits;

    public static int SourceOf(long id) => (int)(id >> HashBits);
}

/// <param name="Before">The row's state before the block; empty where there was none.</param>
/// <param name="IsWithdrawal">The block leaves nothing of the row.</param>
internal readonly record struct UndoEntry(long Id, byte[] Before, bool IsWithdrawal)
{
    public static void Write(BinaryWriter writer, long id, ReadOnlySpan<byte> before, bool isWithdrawal)
    {
        writer.Write(id);
        writer.Write(isWithdrawal);
        writer.Write7BitEncodedInt(before.Length);
        writer.Write(before);
    }

    public static IEnumerable<UndoEntry> Read(byte[] entries)
    {
        using var reader = new BinaryReader(new MemoryStream(entries));
        while (reader.BaseStream.Position < entries.Length)
        {
            var (id, isWithdrawal) = (reader.ReadInt64(), reader.ReadBoolean());
            yield return new UndoEntry(id, reader.ReadBytes(reader.Read7BitEncodedInt()), isWithdrawal);
        }
    }
}

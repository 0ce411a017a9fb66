using System.Text;
using RocksDbSharp;

namespace DataExchange.Broker.Index;

/// <summary>
/// Many records in one call of the store: a quarter cheaper than one by one, because neighbours share the way to their block. The
/// wrapper has this for pointers only; they do not leave this file.
/// </summary>
internal static unsafe class ManySubjects
{
    /// <summary>Records asked for in one call; more brings nothing.</summary>
    private const int CallSubjectsMax = 256;

    /// <param name="db">The store.</param>
    /// <param name="family">Where the records are.</param>
    /// <param name="options">How to read.</param>
    /// <param name="subjects">Each once.</param>
    /// <param name="visit">Called for each in turn, with an empty record if there is none.</param>
    /// <exception cref="IndexCorruptionException">The store could not read one, or the visitor threw it.</exception>
    public static void Read(RocksDb db, ColumnFamilyHandle family, ReadOptions options, ReadOnlySpan<SubjectKey> subjects, SubjectVisitor visit)
    {
        var keys = stackalloc byte[CallSubjectsMax * SubjectKey.Size];
        var slices = stackalloc Slice[CallSubjectsMax];
        for (; !subjects.IsEmpty; subjects = subjects[Math.Min(subjects.Length, CallSubjectsMax)..])
        {
            var count = Math.Min(subjects.Length, CallSubjectsMax);
            for (var i = 0; i < count; i++)
            {
                slices[i] = new Slice(keys + (i * SubjectKey.Size), SubjectKey.Size);
                subjects[i].Write(new Span<byte>(slices[i].Data, SubjectKey.Size));
            }

            var found = Native.Instance.rocksdb_batched_multi_get_pinned_cf(db.Handle, options.Handle, family.Handle, (nuint)count, (nint)slices, sorted_input: 0);
            try
            {
                for (var i = 0; i < count; i++)
                    visit(subjects[i], Result(found, i));
            }
            finally
            {
                Native.Instance.rocksdb_pinnable_multi_get_destroy(found);
            }
        }
    }

    private static ReadOnlySpan<byte> Result(nint found, int index)
    {
        Slice value, error;
        var outcome = (PinnableMultiGet)Native.Instance.rocksdb_pinnable_multi_get_result(
            found, (nuint)index, (nint)(&value.Data), (nint)(&value.Size), (nint)(&error.Data), (nint)(&error.Size));
        return outcome switch
        {
            PinnableMultiGet.Found => new ReadOnlySpan<byte>(value.Data, checked((int)value.Size)),
            PinnableMultiGet.NotFound => default,
            PinnableMultiGet.Error => throw new IndexCorruptionException(Encoding.UTF8.GetString(error.Data, checked((int)error.Size))),
            _ => throw new InvalidOperationException("The store gave fewer records than it was asked for."),
        };
    }

    /// <summary>rocksdb_slice_t.</summary>
    private struct Slice(byte* data, nuint size)
    {
        public byte* Data = data;
        public nuint Size = size;
    }
}

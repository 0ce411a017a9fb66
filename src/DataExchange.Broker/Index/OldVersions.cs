using RocksDbSharp;

namespace DataExchange.Broker.Index;

/// <summary>
/// What is overwritten stays in a store of this kind until its files are merged: for an erasure that is not good enough. The wrapper lacks
/// the calls.
/// </summary>
internal static class OldVersions
{
    private const byte ForceOptimized = 3;

    /// <summary>
    /// Returns once the files hold no former version of the rows from <paramref name="first"/> to <paramref name="last"/>: what is in memory
    /// is written out, so that the log begins anew, and the tables that hold the range are rewritten. A view that is open meanwhile keeps what it
    /// sees; the second pass comes after such views are gone.
    /// </summary>
    /// <exception cref="RocksDbException">The disk refused.</exception>
    public static void Purge(RocksDb db, ColumnFamilyHandle family, IEnumerable<ColumnFamilyHandle> all, SubjectKey first, SubjectKey last)
    {
        var (from, to) = (new byte[SubjectKey.Size], new byte[SubjectKey.Size]);
        first.Write(from);
        last.Write(to);
        var flush = Native.Instance.rocksdb_flushoptions_create();
        var compact = Native.Instance.rocksdb_compactoptions_create();
        try
        {
            Native.Instance.rocksdb_flushoptions_set_wait(flush, 1);
            Native.Instance.rocksdb_compactoptions_set_bottommost_level_compaction(compact, ForceOptimized);
            foreach (var handle in all)
                Native.Instance.rocksdb_flush_cf(db.Handle, flush, handle.Handle);
            for (var pass = 0; pass < 2; pass++)
                Native.Instance.rocksdb_compact_range_cf_opt(db.Handle, family.Handle, compact, from, (nuint)from.Length, to, (nuint)to.Length);
        }
        finally
        {
            Native.Instance.rocksdb_flushoptions_destroy(flush);
            Native.Instance.rocksdb_compactoptions_destroy(compact);
        }
    }
}

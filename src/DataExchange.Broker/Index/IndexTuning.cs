using RocksDbSharp;

namespace DataExchange.Broker.Index;

/// <summary>RocksDB's settings, made for many point reads and one synced writer on few cores.</summary>
internal static class IndexTuning
{
    private const int BloomBitsPerKey = 10;
    private const ulong StateWriteBufferBytes = 4 << 20;
    private const ulong InfoLogBytesMax = 4 << 20;
    private const ulong InfoLogsKept = 4;

    public static DbOptions Database(IndexOptions options) =>
        new DbOptions()
            .SetCreateIfMissing()
            .SetCreateMissingColumnFamilies()
            .IncreaseParallelism(options.BackgroundThreads)
            .SetParanoidChecks(true)
            // A torn tail of the log is a write that was never acknowledged; damage before it stops the start.
            .SetWalRecoveryMode(Recovery.TolerateCorruptedTailRecords)
            // The families fill at different speeds, and a log lives until all of them are flushed.
            .SetMaxTotalWalSize((ulong)options.WriteBufferMegabytes << 21)
            .SetWriteBufferSize(StateWriteBufferBytes)
            .SetBytesPerSync(1 << 20)
            .SetMaxOpenFiles(options.OpenFilesMax)
            .SetMaxLogFileSize(InfoLogBytesMax)
            .SetKeepLogFileNum(InfoLogsKept)
            .SetInfoLogLevel(InfoLogLevel.Warn);

    /// <summary>One record for each subject key, read by whole key, rewritten whenever something is said about it.</summary>
    public static ColumnFamilyOptions Subjects(IndexOptions options)
    {
        var table = Table(Cache.CreateLru((ulong)options.BlockCacheMegabytes << 20));
        // A hash within the block instead of a binary search: the keys are random, so nothing else ever tells where one lies.
        Native.Instance.rocksdb_block_based_options_set_data_block_index_type(table.Handle, (int)BlockBasedTableDataBlockIndexType.BinarySearchAndHash);
        var subjects = Common((ulong)options.WriteBufferMegabytes << 20)
            .SetBlockBasedTableFactory(table)
            .SetCompression(Compression.Lz4)
            .SetMemtablePrefixBloomSizeRatio(0.05);
        // Most subjects are not among the latest: the filter spares the walk down the write buffer.
        Native.Instance.rocksdb_options_set_memtable_whole_key_filtering(subjects.Handle, 1);
        return subjects;
    }

    /// <summary>One small row for each batch, in ascending order, read only when a batch comes again.</summary>
    public static ColumnFamilyOptions Batches() =>
        Common(StateWriteBufferBytes).SetBlockBasedTableFactory(Table(Cache.CreateLru(1 << 20))).SetCompression(Compression.Lz4);

    private static ColumnFamilyOptions Common(ulong writeBufferBytes) => new ColumnFamilyOptions()
        .SetWriteBufferSize(writeBufferBytes)
        .SetMaxWriteBufferNumber(3)
        .SetLevelCompactionDynamicLevelBytes(true);

    private static BlockBasedTableOptions Table(Cache cache) => new BlockBasedTableOptions()
        .SetFormatVersion(5)
        .SetBlockCache(cache)
        // Index and filter blocks count against the cache too, so that its size bounds the memory.
        .SetCacheIndexAndFilterBlocks(true)
        .SetPinL0FilterAndIndexBlocksInCache(true)
        .SetFilterPolicy(BloomFilterPolicy.Create(BloomBitsPerKey, false))
        .SetWholeKeyFiltering(true);
}

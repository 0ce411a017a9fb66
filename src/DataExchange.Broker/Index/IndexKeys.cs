using DataExchange.Broker.Index.Sealing;
using RocksDbSharp;

namespace DataExchange.Broker.Index;

/// <summary>
/// Opens the keys that an index was written with. Their fingerprints are in its state: it is never opened without one of them, nor with
/// another in its place, under which nobody in it could be found and nothing read.
/// </summary>
internal static class IndexKeys
{
    public static WrappingKeys OpenWrappingKeys(IndexStore store, IndexOptions options, KeyTokens tokens)
    {
        var used = store.ListState(StateKeys.WrappingKey);
        var keys = WrappingKeys.LoadOrCreate(new NumberedKeyFiles(options.KeyFolder, WrappingKeys.Prefix, tokens), mayCreate: used.Count == 0);
        RequireAll(used, number => keys.Find(number)?.Fingerprint, WrappingKeys.Prefix);
        Note(store, StateKeys.Of(StateKeys.WrappingKey, keys.Current.Number), keys.Current.Fingerprint);
        return keys;
    }

    public static RowKeys OpenRowKeys(IndexStore store, IndexOptions options, KeyTokens tokens)
    {
        var used = store.ListState(StateKeys.RowKey);
        var keys = RowKeys.LoadOrCreate(new NumberedKeyFiles(options.KeyFolder, RowKeys.Prefix, tokens), mayCreate: used.Count == 0);
        RequireAll(used, number => keys.All.FirstOrDefault(key => key.Number == number)?.Fingerprint, RowKeys.Prefix);
        Note(store, StateKeys.Of(StateKeys.RowKey, keys.Current), keys.All[^1].Fingerprint);
        return keys;
    }

    /// <summary>Every key that something in the index may be under has its fingerprint in the state.</summary>
    private static void RequireAll(List<(byte[] Key, byte[] Fingerprint)> used, Func<uint, byte[]?> find, string name)
    {
        foreach (var (key, fingerprint) in used)
        {
            if (find(StateKeys.OrdinalOf(key)) is { } found && found.AsSpan().SequenceEqual(fingerprint))
                continue;
            throw new InvalidOperationException($"The {name} key {StateKeys.OrdinalOf(key)} is missing or not the one that this index was written with. Restore the right key file.");
        }
    }

    /// <summary>Durable before anything is written with the key.</summary>
    private static void Note(IndexStore store, ReadOnlySpan<byte> key, byte[] fingerprint)
    {
        using var write = new WriteBatch();
        store.PutState(write, key, fingerprint);
        store.Write(write);
    }

    public static SubjectKeys OpenSubjectKeys(IndexStore store, IndexOptions options)
    {
        var made = store.ReadState(StateKeys.HubKeyFingerprint);
        var keys = new SubjectKeys(HubKeyFile.LoadOrCreate(options.HubKeyFile, mayCreate: made is null));
        var fingerprint = new byte[SubjectKey.Size];
        keys.Fingerprint().Write(fingerprint);
        if (made is null)
        {
            Note(store, StateKeys.HubKeyFingerprint, fingerprint);
        }
        else if (!made.AsSpan().SequenceEqual(fingerprint))
        {
            keys.Dispose();
            throw new InvalidOperationException("The hub key is not the one that this index was made with. Restore the right key file.");
        }
        return keys;
    }
}

using System.Buffers.Binary;
using DataExchange.Hosting;
using DataExchange.Transparency;

namespace DataExchange.Broker.Audit;

/// <summary>
/// The logs under <see cref="AuditOptions.Folder"/>: the first one lies in that folder itself, each that follows in a folder below it that
/// is called by its id, the number after the id before. The last one is open, all others are closed for ever.
/// </summary>
internal static class LogFolders
{
    /// <summary>What a log's mark is renamed to when it is no log any more; its files go after that.</summary>
    private const string DeletedName = "deleted";

    /// <summary>Oldest first; the folder itself where there is no log yet.</summary>
    public static IReadOnlyList<string> List(string root) =>
        All(root).Where(folder => !File.Exists(Path.Combine(folder, DeletedName)) && !AuditRecovery.IsNew(folder)).ToList() is { Count: > 0 } logs ? logs : [root];

    /// <summary>A log's own folder.</summary>
    public static string Of(string root, string logId) => Path.Combine(root, logId) is var folder && Directory.Exists(folder) ? folder : root;

    /// <summary>The id of the log that follows.</summary>
    public static byte[] IdAfter(ReadOnlySpan<byte> logId)
    {
        var next = new byte[AuditFormat.LogIdBytes];
        BinaryPrimitives.WriteUInt128BigEndian(next, BinaryPrimitives.ReadUInt128BigEndian(logId) + 1);
        return next;
    }

    /// <summary>From here on it is no log: what is left of it is for <see cref="EndDelete"/>, also after a crash. MUST be a closed one.</summary>
    public static void BeginDelete(string folder)
    {
        File.Move(Path.Combine(folder, AuditStore.MarkName), Path.Combine(folder, DeletedName));
        Durability.SyncDirectory(folder);
    }

    /// <summary>Logs whose deletion has begun, with their ids.</summary>
    public static IReadOnlyList<(string Folder, string LogId)> Deleted(string root) =>
    [
        .. from folder in All(root)
           let mark = Path.Combine(folder, DeletedName)
           where File.Exists(mark)
           select (folder, Convert.ToHexStringLower(File.ReadAllBytes(mark).AsSpan(0, AuditFormat.LogIdBytes))),
    ];

    /// <summary>The mark goes last, so that a crash leaves what is to be done.</summary>
    public static void EndDelete(string root, string folder)
    {
        foreach (var segment in Directory.EnumerateFiles(folder, "*" + SegmentFile.Extension))
            File.Delete(segment);
        File.Delete(Path.Combine(folder, DeletedName));
        if (folder != root)
            Directory.Delete(folder);
    }

    private static IEnumerable<string> All(string root) =>
        Directory.EnumerateDirectories(root).Where(folder => LogOrigin.IsId(Path.GetFileName(folder))).Order(StringComparer.Ordinal).Prepend(root);
}

using System.Security.Cryptography;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Budget;

/// <summary>
/// Ledgers as files, one each, named after department and purpose: 32 bytes SHA-256 of the rest, then the ledger. They hold keyed hashes and
/// minutes, no identifier. A file that is damaged or gone costs what it remembered: its ledger begins anew, with a warning.
/// </summary>
internal sealed partial class BudgetFolder(IOptions<BudgetOptions> options, ILogger<BudgetFolder> logger)
{
    private const string Extension = ".budget";

    /// <param name="newLedger">Makes an empty one.</param>
    public Dictionary<BudgetKey, BudgetLedger> Load(Func<BudgetKey, BudgetLedger> newLedger)
    {
        var ledgers = new Dictionary<BudgetKey, BudgetLedger>();
        if (!Directory.Exists(options.Value.Folder))
            return ledgers;
        foreach (var path in Directory.EnumerateFiles(options.Value.Folder, $"*{Extension}"))
        {
            if (Path.GetFileNameWithoutExtension(path).Split('.') is not [var department, var purpose] || !DepartmentId.TryParse(department, out var id))
                continue;
            var ledger = newLedger(new BudgetKey(id, purpose));
            try
            {
                ledger.Load(Read(path));
                ledgers.Add(new BudgetKey(id, purpose), ledger);
            }
            catch (Exception e) when (e is InvalidDataException or IOException or ArgumentException)
            {
                Log.Damaged(logger, department, purpose);
            }
        }

        return ledgers;
    }

    public void Save(BudgetKey key, byte[] ledger)
    {
        // Code names hold neither a dot nor a separator.
        var path = Path.Combine(options.Value.Folder, $"{key.Department.Value}.{key.Purpose}{Extension}");
        WholeFile.Write(path, [.. SHA256.HashData(ledger), .. ledger], WholeFile.OwnerOnly, overwrite: true);
    }

    private static byte[] Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        if (bytes.Length < SHA256.HashSizeInBytes || !SHA256.HashData(bytes.AsSpan(SHA256.HashSizeInBytes)).AsSpan().SequenceEqual(bytes.AsSpan(0, SHA256.HashSizeInBytes)))
            throw new InvalidDataException();
        return bytes[SHA256.HashSizeInBytes..];
    }

    private static partial class Log
    {
        [LoggerMessage(2901, LogLevel.Warning, "What {Department} has spent for {Purpose} cannot be read; its budget begins anew.", EventName = "BudgetDamaged")]
        public static partial void Damaged(ILogger logger, string department, string purpose);
    }
}

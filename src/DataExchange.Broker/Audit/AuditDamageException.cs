namespace DataExchange.Broker.Audit;

/// <summary>
/// Bytes of the log are not what was written, or are gone. The log is never mended by guessing: the operator restores the named file
/// from a copy, or begins a new log in another folder and keeps this one as evidence.
/// </summary>
internal sealed class AuditDamageException(string file, long offset, ulong index, string what)
    : Exception($"Audit log damaged in {file} at byte {offset}, entry {index}: {what}.")
{
    public string File { get; } = file;

    public long Offset { get; } = offset;

    public ulong Index { get; } = index;
}

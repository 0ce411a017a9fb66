using System.Buffers.Binary;
using DataExchange.Broker.Index.Sealing;

namespace DataExchange.Broker.Index;

/// <summary>
/// Brings every record into today's form while the hub serves: secrets under the current wrapping key, values sealed that an earlier version
/// left unsealed. Goes on after a restart where it was; a record that is as it should be is not written. One at a time.
/// </summary>
internal sealed partial class RecordRenewal(IndexStore store, WrappingKeys keys, Func<IndexWriter> writer, ILogger<RecordRenewal> logger)
{
    private const int ChunkSubjects = 256;

    // The state: version of the record format, number of the key, and the last subject that is done; without it all are.
    private const int DoneBytes = 1 + sizeof(uint);

    /// <summary>The key that every secret of the index is wrapped with; 0 while records are still being renewed.</summary>
    public uint WrappedUnder => IsDone(store.ReadState(StateKeys.Renewal)) ? keys.Current.Number : 0;

    /// <summary>Takes up new keys, and renews what is not yet under the newest.</summary>
    /// <returns>False if the index cannot be written: to be tried again.</returns>
    /// <exception cref="InvalidOperationException">A new key file is not as it must be; the former key stays current.</exception>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        var added = keys.ReadNew();
        if (added.Count > 0)
        {
            // Durable before anything is wrapped with them, so that a start without them is refused.
            if (!await WriteAsync([], [.. added.Select(key => (StateKeys.Of(StateKeys.WrappingKey, key.Number), (byte[]?)key.Fingerprint))], cancellationToken))
                return false;
            keys.TakeUp(added);
            Log.Begun(logger, keys.Current.Number);
        }

        var state = store.ReadState(StateKeys.Renewal);
        return IsDone(state) || await RenewAsync(keys.Current.Number, state, cancellationToken);
    }

    private async Task<bool> RenewAsync(uint number, byte[]? state, CancellationToken cancellationToken)
    {
        var last = IsOf(number, state) ? SubjectKey.Read(state.AsSpan(DoneBytes)) : (SubjectKey?)null;
        var renewed = 0L;
        while (store.ListSubjects(last, ChunkSubjects) is { Count: > 0 } subjects)
        {
            last = subjects[^1];
            if (!await WriteAsync(subjects, [(StateKeys.Renewal.ToArray(), Progress(number, last))], cancellationToken))
                return false;
            renewed += subjects.Count;
        }

        // Only now are the former keys of no use, here and in the files.
        store.Purge(default, new SubjectKey(ulong.MaxValue, ulong.MaxValue));
        var former = store.ListState(StateKeys.WrappingKey).Where(row => StateKeys.OrdinalOf(row.Key) < number).Select(row => (row.Key, (byte[]?)null));
        if (!await WriteAsync([], [.. former, (StateKeys.Renewal.ToArray(), Progress(number, null))], cancellationToken))
            return false;
        Log.Done(logger, number, renewed);
        return true;
    }

    private ValueTask<bool> WriteAsync(IReadOnlyList<SubjectKey> subjects, IReadOnlyList<(byte[], byte[]?)> state, CancellationToken cancellationToken) =>
        writer().RewriteAsync(new RecordOrder(RecordOrderKind.Renew, subjects) { State = state }, cancellationToken);

    private bool IsDone(byte[]? state) => state is { Length: DoneBytes } && state.AsSpan().SequenceEqual(Progress(keys.Current.Number, null));

    private static bool IsOf(uint number, byte[]? state) => state is { Length: DoneBytes + SubjectKey.Size } && state.AsSpan(0, DoneBytes).SequenceEqual(Progress(number, null));

    private static byte[] Progress(uint number, SubjectKey? last)
    {
        var state = new byte[last is null ? DoneBytes : DoneBytes + SubjectKey.Size];
        state[0] = RecordFormat.Version;
        BinaryPrimitives.WriteUInt32LittleEndian(state.AsSpan(1), number);
        last?.Write(state.AsSpan(DoneBytes));
        return state;
    }

    private static partial class Log
    {
        [LoggerMessage(2420, LogLevel.Information, "Wrapping key {Number} is current; the secrets of all subjects are wrapped anew.", EventName = "IndexRenewalBegun")]
        public static partial void Begun(ILogger logger, uint number);

        [LoggerMessage(2421, LogLevel.Information, "All secrets are under wrapping key {Number}, {Records} records looked at; earlier keys are of use for backups only.", EventName = "IndexRenewalDone")]
        public static partial void Done(ILogger logger, uint number, long records);
    }
}

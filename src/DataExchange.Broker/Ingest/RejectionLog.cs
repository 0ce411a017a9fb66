using System.Collections.Concurrent;
using DataExchange.Contracts;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Ingest;

/// <summary>One refused batch, as much of it as may be told: no identifier, no value.</summary>
/// <param name="FirstSequence">0 where it could not be read or is not proven.</param>
internal sealed record Rejection(ErrorReason Reason, string Detail, ulong FirstSequence, ulong LastSequence, DateTimeOffset At)
{
    public bool HasRange => FirstSequence > 0 && LastSequence >= FirstSequence;
}

/// <summary>
/// Remembers the last refused batches of each department, for health. Bounded: only departments of the catalogue are told apart,
/// whatever is not proven to be theirs shares one list, and a batch refused again replaces its earlier refusal. Thread safe.
/// </summary>
internal sealed class RejectionLog(IOptions<IngestOptions> options, TimeProvider clock)
{
    private readonly ConcurrentDictionary<DepartmentId, Recent> _proven = new();
    private readonly Recent _unproven = new(options.Value.RejectionsKept);

    public void Add(BatchRefusal refusal)
    {
        var rejection = new Rejection(refusal.Error.Reason, refusal.Error.Detail, refusal.FirstSequence, refusal.LastSequence, clock.GetUtcNow());
        var recent = refusal.Signer is { } department
            ? _proven.GetOrAdd(department, static (_, kept) => new Recent(kept), options.Value.RejectionsKept)
            : _unproven;
        recent.Add(rejection);
    }

    /// <summary>Newest first; those whose sequences are applied by now, or that are old and have none, are left out.</summary>
    public IReadOnlyList<Rejection> Standing(DepartmentId department, ulong watermark) =>
        _proven.TryGetValue(department, out var recent) ? Standing(recent, watermark) : [];

    /// <summary>Newest first, of the last <see cref="IngestOptions.RejectionShown"/>: batches that no registered key has signed.</summary>
    public IReadOnlyList<Rejection> Unproven() => Standing(_unproven, watermark: 0);

    public IReadOnlyCollection<DepartmentId> Departments => [.. _proven.Keys];

    private List<Rejection> Standing(Recent recent, ulong watermark)
    {
        var since = clock.GetUtcNow() - options.Value.RejectionShown;
        return recent.NewestFirst().FindAll(r => r.HasRange ? r.LastSequence > watermark : r.At >= since);
    }

    private sealed class Recent(int kept)
    {
        private readonly Lock _writing = new();
        private readonly List<Rejection> _oldestFirst = new(kept);

        public void Add(Rejection rejection)
        {
            lock (_writing)
            {
                _oldestFirst.RemoveAll(r => (r.FirstSequence, r.LastSequence, r.Detail) == (rejection.FirstSequence, rejection.LastSequence, rejection.Detail));
                if (_oldestFirst.Count == kept)
                    _oldestFirst.RemoveAt(0);
                _oldestFirst.Add(rejection);
            }
        }

        public List<Rejection> NewestFirst()
        {
            lock (_writing)
            {
                List<Rejection> copy = [.. _oldestFirst];
                copy.Reverse();
                return copy;
            }
        }
    }
}

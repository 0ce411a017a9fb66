using System.Collections.Concurrent;
using DataExchange.Contracts;

namespace DataExchange.Broker.Index;

/// <summary>How far the index is with each department, for readers: each snapshot is of one moment, after a durable write. Thread safe.</summary>
internal sealed class StreamStates
{
    private readonly ConcurrentDictionary<DepartmentId, StreamSnapshot> _snapshots = new();

    /// <summary>Every department that ever published.</summary>
    public IEnumerable<StreamSnapshot> All => _snapshots.Values;

    /// <returns>Null for a department that never published.</returns>
    public StreamSnapshot? Find(DepartmentId department) => _snapshots.GetValueOrDefault(department);

    /// <summary>The providers of these attributes as they are now, to be asked for later.</summary>
    public Func<DepartmentId, StreamSnapshot?> Capture(IReadOnlyList<AttributeId> attributes)
    {
        var captured = new Dictionary<DepartmentId, StreamSnapshot?>();
        foreach (var attribute in attributes)
            captured[attribute.Department] = Find(attribute.Department);
        return department => captured[department];
    }

    /// <inheritdoc cref="StreamSnapshot.CurrentAsOf"/>
    public DateTimeOffset? CurrentAsOf(DepartmentId department) => Find(department)?.CurrentAsOf;

    /// <summary>The writer's only.</summary>
    public void Publish(StreamSnapshot snapshot) => _snapshots[snapshot.Department] = snapshot;
}

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

    /// <summary>The provider of each attribute as it is now.</summary>
    public StreamSnapshot?[] Capture(AttributeId[] attributes)
    {
        var captured = new StreamSnapshot?[attributes.Length];
        for (var i = 0; i < captured.Length; i++)
            captured[i] = i > 0 && attributes[i].Department == attributes[i - 1].Department ? captured[i - 1] : Find(attributes[i].Department);
        return captured;
    }

    /// <inheritdoc cref="StreamSnapshot.CurrentAsOf"/>
    public DateTimeOffset? CurrentAsOf(DepartmentId department) => Find(department)?.CurrentAsOf;

    /// <summary>The writer's only.</summary>
    public void Publish(StreamSnapshot snapshot) => _snapshots[snapshot.Department] = snapshot;
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DataExchange.Broker.Budget;

/// <summary>
/// Who was seen within a window of time, each counted once, and how many of a group. Exact; grows with its members, which its owner
/// bounds. Keys are keyed hashes or hashes of what callers may see anyway. Time is whole minutes. Not thread safe.
/// </summary>
/// <param name="weighsGroups">A group holds the weights of its members, not their number.</param>
internal sealed class DistinctWindow(int windowMinutes, bool weighsGroups = false)
{
    /// <summary>The group of those that are in none.</summary>
    public const ulong NoGroup = 0;

    private readonly Dictionary<ulong, Member> _members = [];
    private readonly Dictionary<ulong, int> _groups = [];
    private int _forgottenAt;
    private int _oldest = int.MaxValue;
    private long _weight;

    public int Count => _members.Count;

    /// <summary>No member leaves before this minute.</summary>
    public int FirstLeaves => _oldest == int.MaxValue ? 0 : _oldest + windowMinutes;

    /// <summary>True for a member, which from now on is as new as one just added.</summary>
    public bool Touch(ulong member, int now)
    {
        ref var known = ref CollectionsMarshal.GetValueRefOrNullRef(_members, member);
        if (Unsafe.IsNullRef(ref known))
            return false;
        known.SeenAt = Math.Max(known.SeenAt, now);
        return true;
    }

    /// <summary>How many a group holds, or their weights; of <see cref="NoGroup"/>, the sum of all weights.</summary>
    public long WeightOf(ulong group) => group == NoGroup ? _weight : _groups.GetValueOrDefault(group);

    /// <summary>Whether a group has reached its limit; who has left the window makes room before.</summary>
    public bool IsSpent(ulong group, int max, int now)
    {
        if (WeightOf(group) < max)
            return false;
        Forget(now);
        return WeightOf(group) >= max;
    }

    /// <summary>How long nobody leaves, at least a minute.</summary>
    public TimeSpan Wait(int now) => TimeSpan.FromMinutes(Math.Max(1, FirstLeaves - now));

    /// <param name="member">MUST NOT be one already.</param>
    /// <param name="group">Its group, or <see cref="NoGroup"/>.</param>
    /// <param name="now">The minute.</param>
    /// <param name="weight">At least 1.</param>
    public void Add(ulong member, ulong group, int now, int weight = 1)
    {
        _members.Add(member, new Member { Group = group, SeenAt = now, Weight = weight });
        _weight += weight;
        _oldest = Math.Min(_oldest, now);
        if (group != NoGroup)
            CollectionsMarshal.GetValueRefOrAddDefault(_groups, group, out _) += InGroup(weight);
    }

    /// <summary>Changes a member's weight; nothing for who is none.</summary>
    public void Weigh(ulong member, int weight)
    {
        ref var known = ref CollectionsMarshal.GetValueRefOrNullRef(_members, member);
        if (Unsafe.IsNullRef(ref known))
            return;
        _weight += weight - known.Weight;
        if (known.Group != NoGroup)
            CollectionsMarshal.GetValueRefOrAddDefault(_groups, known.Group, out _) += InGroup(weight) - InGroup(known.Weight);
        known.Weight = weight;
    }

    /// <summary>Drops who has left the window; looks through all of them, but at most once a minute.</summary>
    public void Forget(int now)
    {
        if (now <= _forgottenAt)
            return;
        _forgottenAt = now;
        _oldest = int.MaxValue;
        foreach (var (key, member) in _members)
        {
            if (member.SeenAt + windowMinutes > now)
                _oldest = Math.Min(_oldest, member.SeenAt);
            else
                Remove(key, member);
        }
    }

    public void Write(BinaryWriter writer)
    {
        writer.Write(_members.Count);
        foreach (var (key, member) in _members)
        {
            writer.Write(key);
            writer.Write(member.Group);
            writer.Write(member.SeenAt);
            writer.Write(member.Weight);
        }
    }

    /// <summary>Into an empty window.</summary>
    public void Read(BinaryReader reader)
    {
        for (var left = reader.ReadInt32(); left > 0; left--)
            Add(reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadInt32(), reader.ReadInt32());
    }

    private void Remove(ulong key, Member member)
    {
        // Removing the one at hand does not disturb the enumeration.
        _members.Remove(key);
        _weight -= member.Weight;
        if (member.Group != NoGroup && (CollectionsMarshal.GetValueRefOrAddDefault(_groups, member.Group, out _) -= InGroup(member.Weight)) == 0)
            _groups.Remove(member.Group);
    }

    private int InGroup(int weight) => weighsGroups ? weight : 1;

    private struct Member
    {
        public ulong Group;
        public int SeenAt;
        public int Weight;
    }
}

using System.Numerics;

namespace DataExchange.Transparency;

/// <summary>Verifies the proofs of RFC 6962, sections 2.1.1 and 2.1.2, by the algorithms of RFC 9162, sections 2.1.3.2 and 2.1.4.2.</summary>
public static class MerkleProof
{
    /// <summary>Hashes in the longest proof of a tree of up to 2^63 entries.</summary>
    public const int HashesMax = 63;

    /// <summary>Whether <paramref name="leaf"/> is entry <paramref name="index"/> of the tree.</summary>
    public static bool VerifyInclusion(ulong index, ulong size, MerkleHash leaf, MerkleHash root, IReadOnlyList<MerkleHash> proof)
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (index >= size)
            return false;
        var (at, last, hash) = (index, size - 1, leaf);
        foreach (var sibling in proof)
        {
            if (last == 0)
                return false;
            if ((at & 1) == 1 || at == last)
            {
                hash = MerkleHash.OfNode(sibling, hash);
                var skipped = BitOperations.TrailingZeroCount(at);
                (at, last) = (at >> skipped, last >> skipped);
            }
            else
            {
                hash = MerkleHash.OfNode(hash, sibling);
            }

            (at, last) = (at >> 1, last >> 1);
        }

        return last == 0 && hash == root;
    }

    /// <summary>Whether the tree of <paramref name="newSize"/> begins with the one of <paramref name="oldSize"/>, which MUST NOT be larger.</summary>
    public static bool VerifyConsistency(ulong oldSize, ulong newSize, MerkleHash oldRoot, MerkleHash newRoot, IReadOnlyList<MerkleHash> proof)
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (oldSize > newSize)
            return false;
        if (oldSize == newSize)
            return proof.Count == 0 && oldRoot == newRoot;
        if (oldSize == 0)
            return proof.Count == 0 && oldRoot == MerkleHash.OfEmptyTree;
        if (proof.Count == 0)
            return false;

        var shift = BitOperations.TrailingZeroCount(oldSize);
        var (at, last) = ((oldSize - 1) >> shift, (newSize - 1) >> shift);
        // A whole old tree is a node of the new one; its hash is not repeated in the proof.
        var next = BitOperations.IsPow2(oldSize) ? 0 : 1;
        var first = next == 0 ? oldRoot : proof[0];
        var (oldHash, newHash) = (first, first);
        for (; next < proof.Count; next++)
        {
            if (last == 0)
                return false;
            if ((at & 1) == 1 || at == last)
            {
                oldHash = MerkleHash.OfNode(proof[next], oldHash);
                newHash = MerkleHash.OfNode(proof[next], newHash);
                var skipped = BitOperations.TrailingZeroCount(at);
                (at, last) = (at >> skipped, last >> skipped);
            }
            else
            {
                newHash = MerkleHash.OfNode(newHash, proof[next]);
            }

            (at, last) = (at >> 1, last >> 1);
        }

        return last == 0 && oldHash == oldRoot && newHash == newRoot;
    }
}

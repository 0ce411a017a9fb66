using System.Text.Json;
using DataExchange.Transparency;
using NUnit.Framework;

namespace DataExchange.UnitTests.Transparency;

public sealed class MerkleProofTests
{
    private static IEnumerable<TestCaseData> Inclusions => Cases("inclusion.jsonl");

    private static IEnumerable<TestCaseData> Consistencies => Cases("consistency.jsonl");

    // RFC 6962's own values, as transparency-dev/merkle tests them.
    [Test]
    public void Hashes_OfKnownInput_AreThePublishedOnes()
    {
        Assert.That(MerkleHash.OfEmptyTree.ToString(), Is.EqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
        Assert.That(MerkleHash.OfLeaf([]).ToString(), Is.EqualTo("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"));
        Assert.That(MerkleHash.OfLeaf("L123456"u8).ToString(), Is.EqualTo("395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"));
    }

    [TestCaseSource(nameof(Inclusions))]
    public void VerifyInclusion_PublishedVector_AgreesWithIt(JsonElement vector)
    {
        var holds = Hash(vector, "leafHash") is { } leaf && Hash(vector, "root") is { } root && Proof(vector) is { } proof
            && MerkleProof.VerifyInclusion(vector.GetProperty("leafIdx").GetUInt64(), vector.GetProperty("treeSize").GetUInt64(), leaf, root, proof);

        Assert.That(holds, Is.Not.EqualTo(vector.GetProperty("wantErr").GetBoolean()));
    }

    [TestCaseSource(nameof(Consistencies))]
    public void VerifyConsistency_PublishedVector_AgreesWithIt(JsonElement vector)
    {
        var holds = Hash(vector, "root1") is { } oldRoot && Hash(vector, "root2") is { } newRoot && Proof(vector) is { } proof
            && MerkleProof.VerifyConsistency(vector.GetProperty("size1").GetUInt64(), vector.GetProperty("size2").GetUInt64(), oldRoot, newRoot, proof);

        Assert.That(holds, Is.Not.EqualTo(vector.GetProperty("wantErr").GetBoolean()));
    }

    /// <summary>Without the one whose roots are words instead of hashes: here they cannot even be stated.</summary>
    private static IEnumerable<TestCaseData> Cases(string file) => Vectors.Lines(file)
        .Where(vector => vector.GetProperty("name").GetString() != "consistency/additional/sizes-are-equal-one-and-proof-is-empty")
        .Select(vector => new TestCaseData(vector).SetArgDisplayNames(vector.GetProperty("name").GetString()!));

    private static MerkleHash? Hash(JsonElement vector, string name) =>
        vector.GetProperty(name).GetString() is { } text ? MerkleHash.FromBase64(text) : null;

    /// <summary>Null where a hash of it has not 32 bytes: such a proof cannot even be stated here.</summary>
    private static List<MerkleHash>? Proof(JsonElement vector)
    {
        if (vector.GetProperty("proof") is not { ValueKind: JsonValueKind.Array } array)
            return [];
        var hashes = array.EnumerateArray().Select(item => MerkleHash.FromBase64(item.GetString()!)).ToList();
        return hashes.All(hash => hash is not null) ? [.. hashes.Select(hash => hash!.Value)] : null;
    }
}

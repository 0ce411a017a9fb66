using System.Security.Cryptography;
using DataExchange.Contracts;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using NUnit.Framework;
using static DataExchange.UnitTests.Broker.Ingest.IngestSamples;

namespace DataExchange.UnitTests.Broker.Ingest;

/// <summary>What can be wrong with a batch: each row is one mistake, the reason it is refused for and the field that is named.</summary>
internal static class BatchRefusals
{
    public static IEnumerable<TestCaseData> OfContent() =>
    [
        Content("first sequence 0", b => b.FirstSequence = 0, ErrorReasons.BatchMalformed, "first_sequence"),
        Content("first sequence 2^63", b => b.FirstSequence = 1UL << 63, ErrorReasons.BatchMalformed, "first_sequence"),
        Content("last sequence 2^63", b => b.FirstSequence = long.MaxValue, ErrorReasons.BatchMalformed, "first_sequence"),
        Content("largest first sequence", b => b.FirstSequence = ulong.MaxValue, ErrorReasons.BatchMalformed, "first_sequence"),
        Content("no epoch", b => b.StreamEpoch = ByteString.Empty, ErrorReasons.BatchMalformed, "stream_epoch"),
        Content("epoch of 15 bytes", b => b.StreamEpoch = ByteString.CopyFrom(Epoch.Span[..15]), ErrorReasons.BatchMalformed, "stream_epoch"),
        Content("epoch of 17 bytes", b => b.StreamEpoch = ByteString.CopyFrom([.. Epoch.Span, 0]), ErrorReasons.BatchMalformed, "stream_epoch"),
        Content("no packed_at", b => b.PackedAt = null, ErrorReasons.BatchMalformed, "packed_at"),
        Content("packed_at out of range", b => b.PackedAt = new() { Seconds = long.MaxValue }, ErrorReasons.BatchMalformed, "packed_at"),
        Content("change without kind", b => b.Changes[4].ClearKind(), ErrorReasons.BatchMalformed, "changes[4]"),
        Content("no as_of", b => b.Changes[1].AsOf = null, ErrorReasons.BatchMalformed, "changes[1].as_of"),
        Content("as_of before year 1", b => b.Changes[1].AsOf = new() { Seconds = -62_135_596_801 }, ErrorReasons.BatchMalformed, "changes[1].as_of"),
        Content("as_of after 9999", b => b.Changes[1].AsOf = new() { Seconds = 253_402_300_800 }, ErrorReasons.BatchMalformed, "changes[1].as_of"),
        Content("as_of with negative nanoseconds", b => b.Changes[1].AsOf = new() { Nanos = -1 }, ErrorReasons.BatchMalformed, "changes[1].as_of"),

        Content("attribute of another department", b => b.Changes[0].Set.Attribute = "address", ErrorReasons.AttributeNotOwned, "changes[0].set.attribute"),
        Content("attribute spelled otherwise", b => b.Changes[0].Set.Attribute = "Income", ErrorReasons.AttributeNotOwned, "changes[0].set.attribute"),
        Content("no attribute", b => b.Changes[0].Set.Attribute = "", ErrorReasons.AttributeNotOwned, "changes[0].set.attribute"),
        Content("full attribute id", b => b.Changes[0].Set.Attribute = "tax/income", ErrorReasons.AttributeNotOwned, "changes[0].set.attribute"),
        Content("withdrawal of an unknown attribute", b => b.Changes[8].Withdraw.Attribute = "*", ErrorReasons.AttributeNotOwned, "changes[8].withdraw.attribute"),

        Content("no subject", b => b.Changes[0].Set.Subject = null, ErrorReasons.IdentifierRefused, "changes[0].set.subject"),
        Content("undeclared scheme", b => b.Changes[0].Set.Subject.Scheme = "passport", ErrorReasons.IdentifierRefused, "changes[0].set.subject.scheme"),
        Content("wrong check digit", b => b.Changes[0].Set.Subject.Value = "110105194912310021", ErrorReasons.IdentifierRefused, "changes[0].set.subject.value"),
        Content("no identifier in a withdrawal", b => b.Changes[8].Withdraw.Subject = new(), ErrorReasons.IdentifierRefused, "changes[8].withdraw.subject.scheme"),
        Content("link without left", b => b.Changes[9].Link.Left = null, ErrorReasons.IdentifierRefused, "changes[9].link.left"),
        Content("unlink with a wrong right", b => b.Changes[10].Unlink.Right.Value = "", ErrorReasons.IdentifierRefused, "changes[10].unlink.right.value"),

        Content("held without value", b => b.Changes[0].Set.Value = null, ErrorReasons.ValueRefused, "changes[0].set.value"),
        Content("held with locator", b => b.Changes[0].Set.Locator = ByteString.CopyFrom(1), ErrorReasons.ValueRefused, "changes[0].set.locator"),
        Content("value of no kind", b => b.Changes[0].Set.Value = new(), ErrorReasons.ValueRefused, "changes[0].set.value"),
        Content("value of another type", b => b.Changes[0].Set.Value = new() { Text = "1" }, ErrorReasons.ValueRefused, "changes[0].set.value"),
        Content("text too long", b => b.Changes[1].Set.Value.Text = new string('x', 4_097), ErrorReasons.ValueRefused, "changes[1].set.value"),
        Content("text with a control character", b => b.Changes[1].Set.Value.Text = "\u001b[2J", ErrorReasons.ValueRefused, "changes[1].set.value"),
        Content("decimal with exponent", b => b.Changes[2].Set.Value.Decimal = "1e9", ErrorReasons.ValueRefused, "changes[2].set.value"),
        Content("30 February", b => b.Changes[4].Set.Value.Date.Month = 2, ErrorReasons.ValueRefused, "changes[4].set.value"),
        Content("timestamp out of range", b => b.Changes[5].Set.Value.Timestamp.Nanos = 1_000_000_000, ErrorReasons.ValueRefused, "changes[5].set.value"),
        Content("code too long", b => b.Changes[6].Set.Value.Code = new string('C', 65), ErrorReasons.ValueRefused, "changes[6].set.value"),
        Content("located with value", b => b.Changes[7].Set.Value = new() { Text = "x" }, ErrorReasons.ValueRefused, "changes[7].set.value"),
        Content("located without locator", b => b.Changes[7].Set.Locator = ByteString.Empty, ErrorReasons.ValueRefused, "changes[7].set.locator"),
        Content("locator of 321 bytes", b => b.Changes[7].Set.Locator = ByteString.CopyFrom(new byte[321]), ErrorReasons.ValueRefused, "changes[7].set.locator"),

        Content("link of schemes without right", b => b.Changes[9].Link.Right = Person(OtherResident), ErrorReasons.LinkNotAllowed, "changes[9].link"),
        Content("unlink of an identifier from itself", b => b.Changes[10].Unlink.Right = Organisation(), ErrorReasons.BatchMalformed, "changes[10].unlink"),
    ];

    public static IEnumerable<TestCaseData> OfIdentity() =>
    [
        Identity("empty", () => new(), "tax", ErrorReasons.BatchMalformed, "payload"),
        Identity("payload over 1 MiB", () => Sign(ByteString.CopyFrom(new byte[WireLimits.BatchBytesMax + 1]), TaxKey), "tax", ErrorReasons.BatchMalformed, "payload"),
        Identity("payload that is no message", () => Sign(ByteString.CopyFrom(0xFF, 0xFF, 0xFF), TaxKey), "tax", ErrorReasons.BatchMalformed, "payload"),
        Identity("payload cut short", () => Sign(ByteString.CopyFrom(Batch().ToByteArray()[..^1]), TaxKey), "tax", ErrorReasons.BatchMalformed, "payload"),
        Identity("half a million empty changes", Bomb, "tax", ErrorReasons.BatchMalformed, "changes"),
        Identity("1,001 changes", () => Sign(Plain(1, changes: 1_001)), "tax", ErrorReasons.BatchMalformed, "changes"),
        Identity("no department", () => Sign(new Wire.ChangeBatch { FirstSequence = 1 }), null, ErrorReasons.BatchMalformed, "department"),
        Identity("caller is another department", () => Sign(Batch()), "housing", ErrorReasons.SignerMismatch, "department"),
        Identity("department not in the catalogue", () => Sign(Of("nobody")), null, ErrorReasons.DepartmentUnknown, "department"),
        Identity("department suspended", () => Sign(Of("suspended"), SuspendedKey), "suspended", ErrorReasons.DepartmentUnknown, "department"),
        Identity("key not registered", () => Sign(Batch(), ECDsa.Create(ECCurve.NamedCurves.nistP256)), "tax", ErrorReasons.KeyNotRegistered, "key_id"),
        Identity("key of another department", () => Sign(Batch(), HousingKey), null, ErrorReasons.SignerMismatch, "key_id"),
        Identity("key not for signing", () => Sign(Batch(), TaxTlsKey), "tax", ErrorReasons.KeyNotRegistered, "key_id"),
        Identity("no signature", () => With(s => s.Signature = ByteString.Empty), "tax", ErrorReasons.SignatureInvalid, "signature"),
        Identity("signature of another key under this key's id", Forged, null, ErrorReasons.SignatureInvalid, "signature"),
        Identity("signature of another payload", () => With(s => s.Signature = Sign(Batch(first: 2)).Signature), null, ErrorReasons.SignatureInvalid, "signature"),
        Identity("signature without the domain", Undomained, null, ErrorReasons.SignatureInvalid, "signature"),
        Identity("zero signature", () => With(s => s.Signature = ByteString.CopyFrom(new byte[64])), null, ErrorReasons.SignatureInvalid, "signature"),
        Identity("signature with a byte more", () => With(s => s.Signature = ByteString.CopyFrom([.. s.Signature, 0])), null, ErrorReasons.SignatureInvalid, "signature"),
    ];

    private static Wire.SignedChangeBatch With(Action<Wire.SignedChangeBatch> spoil)
    {
        var signed = Sign(Batch());
        spoil(signed);
        return signed;
    }

    private static Wire.ChangeBatch Of(string department)
    {
        var batch = Batch();
        batch.Department = department;
        return batch;
    }

    private static Wire.SignedChangeBatch Forged() => With(s => s.Signature = Sign(s.Payload, HousingKey).Signature);

    private static Wire.SignedChangeBatch Undomained() => With(s => s.Signature = ByteString.CopyFrom(TaxKey.SignData(s.Payload.Span, HashAlgorithmName.SHA256)));

    private static Wire.SignedChangeBatch Bomb()
    {
        var head = new Wire.ChangeBatch { Department = "tax", FirstSequence = 1, StreamEpoch = Epoch, PackedAt = Noon.ToTimestamp() }.ToByteArray();
        var empty = new byte[WireLimits.BatchBytesMax - head.Length - 1 & ~1];
        for (var i = 0; i < empty.Length; i += 2)
            empty[i] = (Wire.ChangeBatch.ChangesFieldNumber << 3) | 2;
        return Sign(ByteString.CopyFrom([.. head, .. empty]), TaxKey);
    }

    private static TestCaseData Content(string name, Action<Wire.ChangeBatch> spoil, ErrorReason reason, string field) =>
        new TestCaseData(spoil, reason, field).SetArgDisplayNames(name);

    private static TestCaseData Identity(string name, Func<Wire.SignedChangeBatch> make, string? caller, ErrorReason reason, string field) =>
        new TestCaseData(make, caller, reason, field).SetArgDisplayNames(name);
}

using System.Security.Cryptography;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Index;
using DataExchange.Contracts;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.UnitTests.Broker.Ingest;

/// <summary>An exchange of three departments, and batches of one of them.</summary>
internal static class IngestSamples
{
    public const string Resident = "11010519491231002X";
    public const string OtherResident = "440524188001010014";
    public const string Company = "91350100M000100Y43";

    public static readonly DepartmentId Tax = DepartmentId.Parse("tax");
    public static readonly DepartmentId Housing = DepartmentId.Parse("housing");
    public static readonly DepartmentId Suspended = DepartmentId.Parse("suspended");

    public static readonly ECDsa TaxKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    public static readonly ECDsa TaxTlsKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    public static readonly ECDsa HousingKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    public static readonly ECDsa SuspendedKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public static readonly byte[] HubKey = [.. Enumerable.Range(1, SubjectKeys.HubKeyBytes).Select(n => (byte)n)];

    public static readonly ByteString Epoch = ByteString.CopyFrom([.. Enumerable.Range(100, WireLimits.EpochBytes).Select(n => (byte)n)]);

    public static readonly DateTimeOffset Noon = new(2026, 1, 15, 12, 0, 0, TimeSpan.Zero);

    public static readonly CatalogueFile File = new()
    {
        Departments =
        [
            new(Tax, "Tax"),
            new(Housing, "Housing"),
            new(Suspended, "Suspended", Suspended: true),
        ],
        Keys =
        [
            Key(Tax, TaxKey, KeyUses.Tls | KeyUses.Signing),
            Key(Tax, TaxTlsKey, KeyUses.Tls),
            Key(Housing, HousingKey, KeyUses.Tls | KeyUses.Signing),
            Key(Suspended, SuspendedKey, KeyUses.Tls | KeyUses.Signing),
        ],
        Attributes =
        [
            Attribute("tax/income", Wire.ValueType.Integer),
            Attribute("tax/employer", Wire.ValueType.Text),
            Attribute("tax/rate", Wire.ValueType.Decimal),
            Attribute("tax/assessed", Wire.ValueType.Flag),
            Attribute("tax/born", Wire.ValueType.Date),
            Attribute("tax/filed", Wire.ValueType.Timestamp),
            Attribute("tax/class", Wire.ValueType.Code),
            Attribute("tax/return", Wire.ValueType.Text, Wire.Holding.Located),
            Attribute("housing/address", Wire.ValueType.Text),
        ],
        LinkRights = [new(Tax, "cn-resident", "cn-uscc")],
    };

    public static CatalogueState CatalogueOf(CatalogueFile? file = null)
    {
        var state = new CatalogueState();
        state.Replace(CatalogueSnapshot.Of(1, file ?? File));
        return state;
    }

    /// <summary>A change of every kind and value type.</summary>
    public static Wire.ChangeBatch Batch(ulong first = 1) => new()
    {
        Department = "tax",
        StreamEpoch = Epoch,
        FirstSequence = first,
        PackedAt = Noon.ToTimestamp(),
        Changes =
        {
            Set("income", new() { Integer = 52_000 }),
            Set("employer", new() { Text = "Works & Sons" }),
            Set("rate", new() { Decimal = "0.25" }),
            Set("assessed", new() { Flag = true }),
            Set("born", new() { Date = new() { Year = 1949, Month = 12, Day = 31 } }),
            Set("filed", new() { Timestamp = Noon.ToTimestamp() }),
            Set("class", new() { Code = "A" }),
            Locate("return", [1, 2, 3]),
            new Wire.Change { AsOf = Noon.ToTimestamp(), Withdraw = new() { Subject = Person(), Attribute = "class" } },
            new Wire.Change { AsOf = Noon.ToTimestamp(), Link = new() { Left = Person(), Right = Organisation() } },
            new Wire.Change { AsOf = Noon.ToTimestamp(), Unlink = new() { Left = Organisation(), Right = Person() } },
        },
    };

    /// <summary>So many changes of held attributes, each about a subject of its own.</summary>
    public static Wire.ChangeBatch Plain(ulong first, int changes = 1)
    {
        var batch = Batch(first);
        batch.Changes.Clear();
        for (var i = 0; i < changes; i++)
            batch.Changes.Add(Set("income", new() { Integer = (long)first + i }));
        return batch;
    }

    public static Wire.Identifier Person(string value = Resident) => new() { Scheme = "cn-resident", Value = value };

    public static Wire.Identifier Organisation() => new() { Scheme = "cn-uscc", Value = Company };

    public static Wire.Change Set(string attribute, Wire.Value value) =>
        new() { AsOf = Noon.ToTimestamp(), Set = new() { Subject = Person(), Attribute = attribute, Value = value } };

    public static Wire.Change Locate(string attribute, byte[] locator) =>
        new() { AsOf = Noon.ToTimestamp(), Set = new() { Subject = Person(), Attribute = attribute, Locator = ByteString.CopyFrom(locator) } };

    public static Wire.SignedChangeBatch Sign(Wire.ChangeBatch batch, ECDsa? key = null) => Sign(batch.ToByteString(), key ?? TaxKey);

    public static Wire.SignedChangeBatch Sign(ByteString payload, ECDsa key)
    {
        lock (key)
        {
            return new()
            {
                Payload = payload,
                KeyId = KeyId.Of(key.ExportSubjectPublicKeyInfo()),
                Signature = ByteString.CopyFrom(BatchSignature.Sign(key, payload.Span)),
            };
        }
    }

    private static KeyConfig Key(DepartmentId department, ECDsa key, KeyUses uses)
    {
        var publicKey = key.ExportSubjectPublicKeyInfo();
        return new(KeyId.Of(publicKey), department, Convert.ToBase64String(publicKey), uses);
    }

    private static AttributeConfig Attribute(string id, Wire.ValueType type, Wire.Holding holding = Wire.Holding.Held) =>
        new(AttributeId.Parse(id), id, type, holding);
}

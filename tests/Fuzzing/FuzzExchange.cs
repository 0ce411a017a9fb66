using System.Security.Cryptography;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Index;
using DataExchange.Contracts;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.Fuzzing;

/// <summary>The exchange that inputs are read in: synthetic, and the same in every run, so that an input that broke something breaks it again.</summary>
internal static class FuzzExchange
{
    public const string Resident = "11010519491231002X";
    public const string Company = "91350100M000100Y43";

    public static readonly DepartmentId Tax = DepartmentId.Parse("tax");

    public static readonly DateTimeOffset Noon = new(2026, 1, 15, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Nobody's: its private number is 1, 2, 3 and so on.</summary>
    public static readonly ECDsa TaxKey = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = Counted(32) });

    public static readonly string TaxKeyId = KeyId.Of(TaxKey.ExportSubjectPublicKeyInfo());

    public static readonly SubjectKeys SubjectKeys = new(Counted(SubjectKeys.HubKeyBytes));

    public static readonly CatalogueSnapshot Catalogue = CatalogueSnapshot.Of(1, new CatalogueFile
    {
        Departments = [new(Tax, "Tax", "https://tax.example:7443"), new(DepartmentId.Parse("housing"), "Housing")],
        Keys = [new(TaxKeyId, Tax, Convert.ToBase64String(TaxKey.ExportSubjectPublicKeyInfo()), KeyUses.Tls | KeyUses.Signing)],
        Schemes = [new("coins", "[A-Z]{3}[0-9]{3}", null, SchemeNormalization.Trim | SchemeNormalization.Upper)],
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
        ],
        LinkRights = [new(Tax, "cn-resident", "cn-uscc")],
    });

    public static Wire.SignedChangeBatch Sign(ByteString payload) => new()
    {
        Payload = payload,
        KeyId = TaxKeyId,
        Signature = ByteString.CopyFrom(BatchSignature.Sign(TaxKey, payload.Span)),
    };

    public static Wire.Identifier Person { get; } = new() { Scheme = "cn-resident", Value = Resident };

    public static Wire.Identifier Organisation { get; } = new() { Scheme = "cn-uscc", Value = Company };

    /// <summary>A value of every kind, by the attribute that takes it.</summary>
    public static IReadOnlyList<(string Attribute, Wire.Value Value)> Values { get; } =
    [
        ("income", new() { Integer = -52_000 }),
        ("employer", new() { Text = "Works & Sons 公司" }),
        ("rate", new() { Decimal = "-0.25" }),
        ("assessed", new() { Flag = true }),
        ("born", new() { Date = new() { Year = 1949, Month = 12, Day = 31 } }),
        ("filed", new() { Timestamp = Noon.ToTimestamp() }),
        ("class", new() { Code = "A-1" }),
    ];

    /// <summary>1, 2, 3 and so on.</summary>
    public static byte[] Counted(int bytes) => [.. Enumerable.Range(1, bytes).Select(number => (byte)number)];

    private static AttributeConfig Attribute(string id, Wire.ValueType type, Wire.Holding holding = Wire.Holding.Held) =>
        new(AttributeId.Parse(id), id, type, holding);
}

/// <summary>It is always noon.</summary>
internal sealed class NoonClock : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => FuzzExchange.Noon;
}

using DataExchange.Broker.Catalogue;
using DataExchange.Contracts;

namespace DataExchange.UnitTests.Broker.Lookup;

/// <summary>A small catalogue: one department with a held and a located attribute, one consumer with a grant of both.</summary>
internal static class LookupCatalogue
{
    public const string Purpose = "housing-aid";
    public const string LegalBasis = "Housing Act s. 4";

    public static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    public static readonly DepartmentId Tax = DepartmentId.Parse("tax");
    public static readonly DepartmentId Housing = DepartmentId.Parse("housing");
    public static readonly AttributeId Income = AttributeId.Parse("tax/income");
    public static readonly AttributeId Earnings = AttributeId.Parse("housing/earnings");
    public static readonly AttributeId Address = AttributeId.Parse("tax/address");

    public static CatalogueSnapshot Snapshot(Wire.Holding incomeHolding = Wire.Holding.Held, TimeSpan? incomeMaxAge = null, bool suspended = false) =>
        CatalogueSnapshot.Of(1, new CatalogueFile
        {
            Departments = [new DepartmentConfig(Tax, "Tax office", "https://127.0.0.1:1", Suspended: suspended), new DepartmentConfig(Housing, "Housing office")],
            Attributes =
            [
                new AttributeConfig(Income, "Income", Wire.ValueType.Integer, incomeHolding, incomeMaxAge),
                new AttributeConfig(Address, "Address", Wire.ValueType.Text, Wire.Holding.Located),
                new AttributeConfig(Earnings, "Earnings as stated by tenants", Wire.ValueType.Integer, Wire.Holding.Held, Claims: Income),
            ],
            Grants = [.. new[] { Income, Address }.Select(a => new GrantConfig(Housing, a, Purpose, LegalBasis, Now.AddDays(-1), Now.AddDays(1)))],
        });

    public static Wire.LookupRequest Request() => new()
    {
        Identifier = new() { Scheme = "cn-resident", Value = "11010519491231002X" },
        Attributes = { Income.ToWire(), Address.ToWire() },
        Purpose = Purpose,
        LegalBasis = LegalBasis,
        CaseId = "case-1",
    };
}

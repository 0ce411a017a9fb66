namespace DataExchange.Broker.Catalogue.Storage;

/// <summary>The difference between two catalogues, row by row. Equal differences are equal text: see <see cref="CatalogueJson"/>.</summary>
internal sealed record CatalogueChanges(
    RowChanges<DepartmentConfig> Departments,
    RowChanges<KeyConfig> Keys,
    RowChanges<SchemeConfig> Schemes,
    RowChanges<AttributeConfig> Attributes,
    RowChanges<LinkRightConfig> LinkRights,
    RowChanges<GrantConfig> Grants,
    RowChanges<CalendarDayConfig> Calendar)
{
    public bool IsEmpty => this is
    {
        Departments.IsEmpty: true, Keys.IsEmpty: true, Schemes.IsEmpty: true, Attributes.IsEmpty: true, LinkRights.IsEmpty: true, Grants.IsEmpty: true,
        Calendar.IsEmpty: true,
    };

    public static CatalogueChanges Between(CatalogueFile current, CatalogueFile wanted) => new(
        RowChanges<DepartmentConfig>.Between(current.Departments, wanted.Departments, Name),
        RowChanges<KeyConfig>.Between(current.Keys, wanted.Keys, Name),
        RowChanges<SchemeConfig>.Between(current.Schemes, wanted.Schemes, Name),
        RowChanges<AttributeConfig>.Between(current.Attributes, wanted.Attributes, Name),
        RowChanges<LinkRightConfig>.Between(current.LinkRights, wanted.LinkRights, Name),
        RowChanges<GrantConfig>.Between(current.Grants, wanted.Grants, Name),
        RowChanges<CalendarDayConfig>.Between(current.Calendar, wanted.Calendar, Name));

    /// <summary>The catalogue with the changes made; null when a row that is to change is no longer what it was.</summary>
    public CatalogueFile? On(CatalogueFile current) =>
        Departments.On(current.Departments, Name) is { } departments
        && Keys.On(current.Keys, Name) is { } keys
        && Schemes.On(current.Schemes, Name) is { } schemes
        && Attributes.On(current.Attributes, Name) is { } attributes
        && LinkRights.On(current.LinkRights, Name) is { } linkRights
        && Grants.On(current.Grants, Name) is { } grants
        && Calendar.On(current.Calendar, Name) is { } calendar
            ? new CatalogueFile
            {
                Departments = departments, Keys = keys, Schemes = schemes, Attributes = attributes, LinkRights = linkRights, Grants = grants, Calendar = calendar,
            }
            : null;

    public void Stage(CatalogueContext context)
    {
        Stage(context, Departments);
        Stage(context, Keys);
        Stage(context, Schemes);
        Stage(context, Attributes);
        Stage(context, LinkRights);
        Stage(context, Grants);
        Stage(context, Calendar);
    }

    /// <param name="version">Of the catalogue with the changes made.</param>
    public CatalogueDiff Describe(long version) => new(version,
    [
        Departments.Describe("departments", Name),
        Keys.Describe("keys", Name),
        Schemes.Describe("schemes", Name),
        Attributes.Describe("attributes", Name),
        LinkRights.Describe("link rights", Name),
        Grants.Describe("grants", Name),
        Calendar.Describe("calendar", Name),
    ]);

    private static void Stage<TRow>(CatalogueContext context, RowChanges<TRow> changes)
        where TRow : class
    {
        context.AddRange(changes.Added);
        context.RemoveRange(changes.Removed);
        foreach (var (was, now) in changes.Changed)
            context.Attach(was).CurrentValues.SetValues(now); // Knowing what a row referred to, EF Core updates it before it deletes that.
    }

    private static string Name(DepartmentConfig department) => department.Id.Value;

    private static string Name(KeyConfig key) => key.KeyId;

    private static string Name(SchemeConfig scheme) => scheme.Name;

    private static string Name(AttributeConfig attribute) => attribute.Id.ToString();

    private static string Name(LinkRightConfig right) => $"{right.Department} {right.SchemeA} {right.SchemeB}";

    private static string Name(GrantConfig grant) => $"{grant.Consumer} {grant.Attribute} {grant.Purpose}";

    private static string Name(CalendarDayConfig day) => $"{day.Day:yyyy-MM-dd}";
}

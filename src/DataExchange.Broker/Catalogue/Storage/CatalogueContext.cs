using System.Globalization;
using DataExchange.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace DataExchange.Broker.Catalogue.Storage;

/// <summary>The one row that every applied change moves on, in the same transaction.</summary>
internal sealed class VersionRow
{
    public const int TheOnlyId = 1;

    public int Id { get; init; }

    public long Version { get; init; }

    public DateTimeOffset AppliedAt { get; init; }
}

/// <summary>
/// Maps the records of <see cref="CatalogueFile"/> to the tables of <see cref="CatalogueSchema"/>: text, integers and booleans only, so
/// that SQLite and PostgreSQL hold the same.
/// </summary>
internal sealed class CatalogueContext(DbContextOptions<CatalogueContext> options) : DbContext(options)
{
    public DbSet<VersionRow> Versions => Set<VersionRow>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configuration)
    {
        configuration.Properties<DepartmentId>().HaveConversion<DepartmentIdText>();
        configuration.Properties<AttributeId>().HaveConversion<AttributeIdText>();
        configuration.Properties<DateTimeOffset>().HaveConversion<UnixSeconds>();
        configuration.Properties<TimeSpan>().HaveConversion<WholeSeconds>();
        configuration.Properties<DateOnly>().HaveConversion<IsoDay>();
        configuration.Properties<Enum>().HaveConversion<string>();
    }

    protected override void OnModelCreating(ModelBuilder model)
    {
        model.Entity<VersionRow>().ToTable("catalogue_version");
        model.Entity<DepartmentConfig>(row => row.ToTable("departments").HasKey(d => d.Id));
        model.Entity<KeyConfig>(row =>
        {
            row.ToTable("department_keys").HasKey(k => k.KeyId);
            row.HasOne<DepartmentConfig>().WithMany().HasForeignKey(k => k.Department);
        });
        model.Entity<SchemeConfig>(row => row.ToTable("schemes").HasKey(s => s.Name));
        model.Entity<AttributeConfig>(row => row.ToTable("attributes").HasKey(a => a.Id));
        model.Entity<LinkRightConfig>(row =>
        {
            row.ToTable("link_rights").HasKey(r => new { r.Department, r.SchemeA, r.SchemeB });
            row.HasOne<DepartmentConfig>().WithMany().HasForeignKey(r => r.Department);
        });
        model.Entity<GrantConfig>(row =>
        {
            row.ToTable("grants").HasKey(g => new { g.Consumer, g.Attribute, g.Purpose });
            row.HasOne<DepartmentConfig>().WithMany().HasForeignKey(g => g.Consumer);
            row.HasOne<AttributeConfig>().WithMany().HasForeignKey(g => g.Attribute);
        });
        model.Entity<CalendarDayConfig>(row => row.ToTable("calendar_days").HasKey(c => c.Day));
        model.Entity<PersonRow>(row => row.ToTable("persons").HasKey(p => p.Id));
        model.Entity<ProposalRow>(row => row.ToTable("proposals").HasKey(p => p.Id));
        model.Entity<GrantRequestRow>(row => row.ToTable("grant_requests").HasKey(r => r.Id));

        foreach (var property in model.Model.GetEntityTypes().SelectMany(type => type.GetProperties()))
            property.SetColumnName(SnakeCase(property.Name));
    }

    private static string SnakeCase(string name) =>
        string.Concat(name.Select((c, i) => i > 0 && char.IsUpper(c) ? $"_{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));

    private sealed class DepartmentIdText() : ValueConverter<DepartmentId, string>(id => id.Value, text => DepartmentId.Parse(text));

    private sealed class AttributeIdText() : ValueConverter<AttributeId, string>(id => id.ToString(), text => AttributeId.Parse(text));

    private sealed class UnixSeconds()
        : ValueConverter<DateTimeOffset, long>(moment => moment.ToUnixTimeSeconds(), seconds => DateTimeOffset.FromUnixTimeSeconds(seconds));

    private sealed class IsoDay() : ValueConverter<DateOnly, string>(
        day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), text => DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture));

    private sealed class WholeSeconds() : ValueConverter<TimeSpan, long>(time => (long)time.TotalSeconds, seconds => TimeSpan.FromSeconds(seconds));
}

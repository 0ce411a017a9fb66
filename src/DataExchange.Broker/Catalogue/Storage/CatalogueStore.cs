using Microsoft.EntityFrameworkCore;

namespace DataExchange.Broker.Catalogue.Storage;

/// <summary>The catalogue in its database. Thread safe; any number of processes may use one database.</summary>
public sealed class CatalogueStore
{
    private const int AttemptsMax = 20;

    private readonly CatalogueDatabase _database;
    private readonly TimeProvider _time;

    public CatalogueStore(CatalogueDatabase database, TimeProvider time) => (_database, _time) = (database, time);

    /// <summary>Makes or upgrades the tables. Call once before anything else that is to write.</summary>
    /// <exception cref="CatalogueUnavailableException">As every method here, when the database fails.</exception>
    public Task PrepareAsync(CancellationToken cancellationToken) => GuardAsync(async () =>
    {
        await CatalogueSchema.UpgradeAsync(() => _database.Open(create: true), cancellationToken);
        return true;
    });

    /// <summary>0 until something has been applied.</summary>
    public Task<long> ReadVersionAsync(CancellationToken cancellationToken) => GuardAsync(async () =>
    {
        await using var context = _database.Open();
        return await ReadVersionAsync(context, cancellationToken);
    });

    /// <summary>All of it, of one version.</summary>
    public Task<(long Version, CatalogueFile File)> ReadAsync(CancellationToken cancellationToken) => GuardAsync(async () =>
    {
        await using var context = _database.Open();
        return await ReadAsync(context, cancellationToken);
    });

    /// <summary>
    /// Makes the catalogue exactly what the file says, in one transaction; changes nothing, the version included, when it is so already.
    /// Applies that meet are carried out one after the other.
    /// </summary>
    /// <param name="file">What <see cref="Reading.CatalogueReader"/> accepted.</param>
    public Task<CatalogueDiff> ApplyAsync(CatalogueFile file, CancellationToken cancellationToken) => GuardAsync(async () =>
    {
        for (var attempt = 1; attempt <= AttemptsMax; attempt++)
        {
            await using var context = _database.Open();
            if (await TryApplyAsync(context, file, cancellationToken) is { } diff)
                return diff;
        }

        throw new CatalogueUnavailableException("The catalogue is being changed by others.");
    });

    /// <summary>Null when another apply came between reading and writing: nothing is written then.</summary>
    private async Task<CatalogueDiff?> TryApplyAsync(CatalogueContext context, CatalogueFile file, CancellationToken cancellationToken)
    {
        var (version, current) = await ReadAsync(context, cancellationToken);
        KindDiff[] kinds =
        [
            Stage(context, "departments", current.Departments, file.Departments, d => d.Id.Value),
            Stage(context, "keys", current.Keys, file.Keys, k => k.KeyId),
            Stage(context, "schemes", current.Schemes, file.Schemes, s => s.Name),
            Stage(context, "attributes", current.Attributes, file.Attributes, a => a.Id.ToString()),
            Stage(context, "link rights", current.LinkRights, file.LinkRights, r => $"{r.Department} {r.SchemeA} {r.SchemeB}"),
            Stage(context, "grants", current.Grants, file.Grants, g => $"{g.Consumer} {g.Attribute} {g.Purpose}"),
        ];
        var diff = new CatalogueDiff(version, kinds);
        if (diff.IsEmpty)
            return diff;

        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        // First of all, since the row's lock then keeps every other apply out until this one is committed.
        var appliedAt = _time.GetUtcNow();
        var moved = await context.Versions.Where(row => row.Id == VersionRow.TheOnlyId && row.Version == version).ExecuteUpdateAsync(
            row => row.SetProperty(r => r.Version, version + 1).SetProperty(r => r.AppliedAt, appliedAt), cancellationToken);
        if (moved == 0)
            return null;
        await context.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return diff with { Version = version + 1 };
    }

    private static KindDiff Stage<TRow>(
        CatalogueContext context, string kind, IReadOnlyList<TRow> current, IReadOnlyList<TRow> wanted, Func<TRow, string> name)
        where TRow : class
    {
        var changes = RowChanges<TRow>.Between(current, wanted, name);
        context.AddRange(changes.Added);
        context.RemoveRange(changes.Removed);
        foreach (var (was, now) in changes.Changed)
            context.Attach(was).CurrentValues.SetValues(now); // Knowing what a row referred to, EF Core updates it before it deletes that.
        return changes.Describe(kind, name);
    }

    /// <summary>Every apply moves the version, so an equal version before and after means that all tables were read of one version.</summary>
    private static async Task<(long Version, CatalogueFile File)> ReadAsync(CatalogueContext context, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= AttemptsMax; attempt++)
        {
            var before = await ReadVersionAsync(context, cancellationToken);
            var file = new CatalogueFile
            {
                Departments = await Rows<DepartmentConfig>(),
                Keys = await Rows<KeyConfig>(),
                Schemes = await Rows<SchemeConfig>(),
                Attributes = await Rows<AttributeConfig>(),
                LinkRights = await Rows<LinkRightConfig>(),
                Grants = await Rows<GrantConfig>(),
            };
            if (await ReadVersionAsync(context, cancellationToken) == before)
                return (before, file);
        }

        throw new CatalogueUnavailableException("The catalogue changes faster than it can be read.");

        Task<List<TRow>> Rows<TRow>()
            where TRow : class => context.Set<TRow>().AsNoTracking().ToListAsync(cancellationToken);
    }

    private static Task<long> ReadVersionAsync(CatalogueContext context, CancellationToken cancellationToken) =>
        context.Versions.Where(row => row.Id == VersionRow.TheOnlyId).Select(row => row.Version).SingleAsync(cancellationToken);

    private static async Task<T> GuardAsync<T>(Func<Task<T>> use)
    {
        try
        {
            return await use();
        }
        catch (Exception failure) when (CatalogueUnavailableException.IsDatabaseFailure(failure))
        {
            throw CatalogueUnavailableException.Of(failure);
        }
    }
}

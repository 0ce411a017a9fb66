using Microsoft.EntityFrameworkCore;

namespace DataExchange.Broker.Catalogue.Storage;

/// <summary>The catalogue in its database. Thread safe; any number of processes may use one database.</summary>
public sealed class CatalogueStore
{
    private const int AttemptsMax = 20;

    private readonly CatalogueDatabase _database;
    private readonly TimeProvider _time;

    public CatalogueStore(CatalogueDatabase database, TimeProvider time) => (_database, _time) = (database, time);

    /// <summary>Is given each act of governance that the database has taken, before it is in force; an exception undoes it. Default: nothing.</summary>
    internal Func<CatalogueTransaction, Task> Recording { get; set; } = _ => Task.CompletedTask;

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

    /// <summary>As <see cref="ApplyAsync"/>, on an empty catalogue only: every later change takes two persons.</summary>
    /// <returns>Null where something else is there; nothing is changed then.</returns>
    public Task<CatalogueDiff?> ApplyFirstAsync(CatalogueFile file, CancellationToken cancellationToken) => ChangeAsync(
        change =>
        {
            var changes = CatalogueChanges.Between(change.File, file);
            if (changes.IsEmpty)
                return Task.FromResult<CatalogueDiff?>(changes.Describe(change.Version));
            if (!CatalogueChanges.Between(change.File, new CatalogueFile()).IsEmpty)
                return Task.FromResult<CatalogueDiff?>(null);
            change.Apply(changes, file);
            return Task.FromResult<CatalogueDiff?>(changes.Describe(change.Version));
        },
        cancellationToken);

    /// <summary>
    /// One act of governance: nobody else changes anything, the catalogue or what governance records, from its first reading to its commit.
    /// An exception undoes all of it.
    /// </summary>
    /// <param name="catalogue">False for an act that looks at what governance records only: the catalogue can be large.</param>
    internal Task<T> ChangeAsync<T>(Func<CatalogueTransaction, Task<T>> change, CancellationToken cancellationToken, bool catalogue = true) => GuardAsync(async () =>
    {
        await using var context = _database.Open();
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        // The row's lock, which every apply takes as well.
        await context.Versions.Where(row => row.Id == VersionRow.TheOnlyId)
            .ExecuteUpdateAsync(row => row.SetProperty(r => r.Version, r => r.Version), cancellationToken);
        (long Version, CatalogueFile? File) now = catalogue
            ? await ReadAsync(context, cancellationToken)
            : (await ReadVersionAsync(context, cancellationToken), null);
        var work = new CatalogueTransaction(context, now.Version, now.File, _time.GetUtcNow());
        var result = await change(work);
        if (work.Version != now.Version)
        {
            await context.Versions.Where(row => row.Id == VersionRow.TheOnlyId).ExecuteUpdateAsync(
                row => row.SetProperty(r => r.Version, work.Version).SetProperty(r => r.AppliedAt, work.Now), cancellationToken);
        }

        await context.SaveChangesAsync(cancellationToken);
        await Recording(work);
        // Recorded: it has to happen, also when the caller has gone.
        await transaction.CommitAsync(CancellationToken.None);
        return result;
    });

    /// <summary>Null when another apply came between reading and writing: nothing is written then.</summary>
    private async Task<CatalogueDiff?> TryApplyAsync(CatalogueContext context, CatalogueFile file, CancellationToken cancellationToken)
    {
        var (version, current) = await ReadAsync(context, cancellationToken);
        var changes = CatalogueChanges.Between(current, file);
        var diff = changes.Describe(version);
        if (diff.IsEmpty)
            return diff;
        changes.Stage(context);

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
                Calendar = await Rows<CalendarDayConfig>(),
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

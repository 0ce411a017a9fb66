using Microsoft.EntityFrameworkCore;

namespace DataExchange.Broker.Catalogue.Storage;

/// <summary>One act of governance on its way: see <see cref="CatalogueStore.ChangeAsync"/>.</summary>
internal sealed class CatalogueTransaction(
    CatalogueContext context, long version, CatalogueFile? file, DateTimeOffset now)
{
    private readonly List<(object? Was, object Now)> _written = [];
    private CatalogueFile? _file = file;

    /// <summary>In whole seconds, as everything is stored.</summary>
    public DateTimeOffset Now { get; } = DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds());

    /// <summary>Of the catalogue as <see cref="File"/> says it.</summary>
    public long Version { get; private set; } = version;

    public CatalogueFile File => _file ?? throw new InvalidOperationException("The act did not ask for the catalogue.");

    /// <summary>The person who acts, once admitted; null for a department's own act, and for the exchange's own clock.</summary>
    public string? By { get; set; }

    /// <summary>What governance records of the act, in order: rows as they were, null for a new one, and as they shall be.</summary>
    public IReadOnlyList<(object? Was, object Now)> Written => _written;

    /// <summary>Not tracked: what is to change goes through <see cref="Replace"/>.</summary>
    public IQueryable<TRow> Rows<TRow>()
        where TRow : class => context.Set<TRow>().AsNoTracking();

    public TRow Add<TRow>(TRow row)
        where TRow : class
    {
        context.Add(row);
        _written.Add((null, row));
        return row;
    }

    public TRow Replace<TRow>(TRow was, TRow now)
        where TRow : class
    {
        var entry = context.Attach(was);
        // A copy: the row itself takes the new values.
        _written.Add((entry.OriginalValues.ToObject(), now));
        entry.CurrentValues.SetValues(now);
        return now;
    }

    /// <summary>The catalogue becomes another one, of the next version.</summary>
    /// <param name="changes">What leads from <see cref="File"/> to <paramref name="result"/>.</param>
    public void Apply(CatalogueChanges changes, CatalogueFile result)
    {
        changes.Stage(context);
        (Version, _file) = (Version + 1, result);
    }
}

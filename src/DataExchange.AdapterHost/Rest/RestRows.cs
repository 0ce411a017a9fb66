using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using DataExchange.AdapterHost.Configuration;
using DataExchange.AdapterHost.Sources;

namespace DataExchange.AdapterHost.Rest;

/// <summary>The rows of a JSON service. The version is the first page's ETag; without one every poll is a reading.</summary>
internal sealed class RestRows(RestConfig config, TimeProvider time) : IRowSource, IDisposable
{
    private readonly RestClient _client = new(config);
    private readonly string[]? _items = config.Items?.Split('.');
    private readonly string[]? _next = config.Next?.Split('.');
    private RowVersion? _version;
    private string? _eTag;

    public async ValueTask<RowVersion> VersionAsync(bool whole, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (!whole && _version is { } known && now - known.WrittenAt < config.PollInterval)
            return known;
        using var page = await _client.GetAsync(config.Address!, _eTag, cancellationToken);
        if (page is not null)
            _eTag = page.ETag;
        var text = page is null ? _version!.Value.Text : _eTag is null ? string.Create(CultureInfo.InvariantCulture, $"read {now.UtcTicks}") : $"etag {_eTag}";
        return (_version = new RowVersion(text, now)).Value;
    }

    public async IAsyncEnumerable<SourceRow> ReadAsync(RowVersion version, IReadOnlyList<string> columns, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var paths = JsonCells.PathsOf(columns);
        var cells = new string?[columns.Count];
        var place = 0L;
        var eTag = _eTag;
        var address = config.Address;
        for (var pages = 0; address is not null; pages++)
        {
            if (pages == config.PagesMax)
                throw new SourceStoppedException($"the service has more than {config.PagesMax} pages");
            using var page = (await _client.GetAsync(address, null, cancellationToken))!;
            if (pages == 0 && page.ETag != eTag)
                throw new SourceStoppedException("was changed while it was read: it is read again");
            foreach (var item in ItemsOf(page.Json.RootElement))
                yield return new SourceRow(++place, null, cells, JsonCells.Fill(item, paths, cells));
            address = NextOf(page.Json.RootElement, address);
        }

        // Rows that moved to a page that was already read would else be taken for removed ones.
        using var again = eTag is null ? null : await _client.GetAsync(config.Address!, eTag, cancellationToken);
        if (again is not null && again.ETag != eTag)
            throw new SourceStoppedException("was changed while it was read: it is read again");
    }

    public void Dispose() => _client.Dispose();

    private JsonElement.ArrayEnumerator ItemsOf(JsonElement page) =>
        (_items is null ? page : JsonCells.Find(page, _items)) is { ValueKind: JsonValueKind.Array } items
            ? items.EnumerateArray()
            : throw new SourceStoppedException("a page of the service has no list of rows where items says");

    private Uri? NextOf(JsonElement page, Uri present)
    {
        if (_next is null || JsonCells.Find(page, _next) is not { ValueKind: JsonValueKind.String } next || next.GetString() is not { Length: > 0 } text)
            return null;
        return Uri.TryCreate(present, text, out var address) && Uri.Compare(address, config.Address!, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0
            ? address
            : throw new SourceStoppedException("the next page is said to be on another server");
    }
}

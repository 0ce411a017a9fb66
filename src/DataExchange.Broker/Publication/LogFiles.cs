using DataExchange.Hosting;
using DataExchange.Transparency;
using DataExchange.Transparency.Tiles;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Publication;

/// <summary>Serves the log's static files on the mutual TLS port: <c>/audit/LOG-ID/checkpoint</c> and the tiles beside it. Source: C2SP tlog-tiles.</summary>
internal static class LogFiles
{
    public static void MapLogFiles(this WebApplication app) => app.MapGet("/audit/{logId}/{**file}", ServeAsync);

    private static async Task ServeAsync(HttpContext context, string logId, string file, PublishedLogs logs, IOptions<PublicationOptions> options)
    {
        // A tile is read as numbers and spelled anew: no path of a caller's reaches the disk.
        var tile = Tile.Parse(file);
        if (context.GetRegisteredPeer() is not { } peer || (tile is { Level: null } && !options.Value.EntryReaders.Contains(peer.Name)))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        var name = file == LogVerification.CheckpointFile ? file : tile?.Path;
        if (name is null || logs.Find(logId) is not { } published || new FileInfo(Path.Combine(published.Folder, name)) is not { Exists: true } found)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        context.Response.ContentType = tile is null ? "text/plain; charset=utf-8" : "application/octet-stream";
        context.Response.Headers.CacheControl = tile is null ? "no-cache" : "private, max-age=31536000, immutable";
        await context.Response.SendFileAsync(found.FullName, context.RequestAborted);
    }
}

using System.Net.Mime;
using DataExchange.Hosting;
using Scalar.AspNetCore;

namespace DataExchange.Broker.Rest;

/// <summary>What the JSON face says of itself, to registered peers: the OpenAPI document, and where section <c>Rest</c> switches it on a page of it.</summary>
internal static class RestDocuments
{
    public const string OpenApiPath = "/openapi.json";
    public const string PagePath = "/docs";

    // The page styles itself inline, and shows pictures that it holds itself.
    private const string OwnContentOnly =
        "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
        + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly object ForPeers = new();

    public static void MapRestDocuments(this WebApplication app, RestOptions rest)
    {
        app.UseWhen(IsDocument, document => document.Use(PeersOnlyAsync));
        var documents = app.MapGroup("").WithMetadata(ForPeers);
        documents.MapGet(OpenApiPath, SendOpenApiAsync);
        if (rest.Page)
        {
            documents.MapScalarApiReference(PagePath, page => page
                .WithTitle("DataExchange")
                .WithOpenApiRoutePattern(OpenApiPath)
                .DisableDefaultFonts()
                .DisableTelemetry()
                .DisableAgent()
                .DisableMcp());
        }
    }

    private static Lazy<ReadOnlyMemory<byte>> OpenApi { get; } = new(Read);

    private static ReadOnlyMemory<byte> Read()
    {
        using var resource = typeof(RestDocuments).Assembly.GetManifestResourceStream("openapi.json")!;
        var document = new MemoryStream();
        resource.CopyTo(document);
        return document.ToArray();
    }

    /// <summary>By what routing has chosen, which takes a path in capitals or with a slash behind it for the same.</summary>
    private static bool IsDocument(HttpContext context) => context.GetEndpoint()?.Metadata.Contains(ForPeers) is true;

    private static Task PeersOnlyAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetRegisteredPeer() is null)
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        }

        context.Response.Headers.ContentSecurityPolicy = OwnContentOnly;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return next(context);
    }

    private static Task SendOpenApiAsync(HttpContext context)
    {
        context.Response.ContentType = MediaTypeNames.Application.Json;
        return context.Response.Body.WriteAsync(OpenApi.Value, context.RequestAborted).AsTask();
    }
}

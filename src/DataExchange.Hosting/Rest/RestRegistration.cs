using DataExchange.Contracts;
using Google.Protobuf.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Grpc.JsonTranscoding;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DataExchange.Hosting;

public static class RestRegistration
{
    /// <summary>Every JSON path begins so.</summary>
    public const string PathPrefix = "/v1/";

    /// <summary>What the configuration says, before there are services.</summary>
    public static RestOptions ReadRest(this IConfiguration configuration) =>
        configuration.GetSection(RestOptions.Section).Get<RestOptions>() ?? new RestOptions();

    /// <summary>JSON beside gRPC where section <c>Rest</c> switches it on. Put this after <see cref="GrpcRegistration.AddExchangeGrpc"/>.</summary>
    public static IServiceCollection AddExchangeRest(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<RestOptions>().Bind(configuration.GetSection(RestOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<RestOptions>, RestOptionsValidator>();
        if (!configuration.ReadRest().Enabled)
            return services;
        // Logs the exception of a body that it cannot read, whose text quotes the body.
        services.AddLogging(logging => logging.AddFilter("Grpc.AspNetCore.Grpc.JsonTranscoding.ServerCallHandler", LogLevel.None));
        services.AddGrpc().AddJsonTranscoding(json =>
        {
            json.TypeRegistry = RestErrors.Details;
            // JavaScript's numbers end at 2^53.
            json.JsonSettings.WriteInt64sAsStrings = true;
        });
        return services;
    }

    /// <summary>Put this after <see cref="GrpcRegistration.UseExchangeGrpc"/> and before the services are mapped.</summary>
    public static WebApplication UseExchangeRest(this WebApplication app)
    {
        app.UseMiddleware<RestBoundary>();
        app.MapFallback(PathPrefix + "{**path}", context => RestErrors.WriteAsync(context, ExchangeError.Of(ErrorReasons.NotFound)));
        return app;
    }

    /// <summary>
    /// Maps a service for its JSON paths, beside the one that serves the same methods over gRPC: JSON finds this one first, gRPC the other.
    /// </summary>
    public static WebApplication MapRestService<TService>(this WebApplication app)
        where TService : class
    {
        app.MapGrpcService<TService>().Add(endpoint => ((RouteEndpointBuilder)endpoint).Order =
            endpoint.Metadata.OfType<GrpcJsonTranscodingMetadata>().Any() ? -1 : 1);
        return app;
    }

    internal static bool IsRest(this HttpContext context) => context.GetRestMethod() is not null;

    /// <summary>Null for a call that is not JSON.</summary>
    internal static MethodDescriptor? GetRestMethod(this HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<GrpcJsonTranscodingMetadata>()?.MethodDescriptor;
}

using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DataExchange.Hosting;

public static class GrpcRegistration
{
    /// <summary>
    /// gRPC behind <see cref="IKeyDirectory"/>, which the caller registers, with one error form, limits from section <c>Grpc</c>,
    /// standard health, and no compression: a compressed request is refused, since its size says nothing. Called again it adds nothing.
    /// Every health check counts for readiness, so that none is forgotten: what need not keep callers away is Degraded.
    /// </summary>
    public static IGrpcServerBuilder AddExchangeGrpc(this IServiceCollection services, IConfiguration configuration)
    {
        if (services.Any(service => service.ServiceType == typeof(ErrorInterceptor)))
            return services.AddGrpc();
        services.AddOptions<GrpcLimits>().Bind(configuration.GetSection(GrpcLimits.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<GrpcLimits>, GrpcLimitsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ErrorInterceptor>();
        services.AddSingleton<PeerInterceptor>();
        services.AddSingleton<OpenCalls>();
        services.AddSingleton<FairShare>();
        services.AddOptions<GrpcServiceOptions>().Configure<IOptions<GrpcLimits>>((grpc, limits) =>
        {
            grpc.MaxReceiveMessageSize = limits.Value.ReceiveBytesMax;
            grpc.MaxSendMessageSize = limits.Value.SendBytesMax;
        });
        services.AddGrpcReflection();
        // From the last round of checks: asking must not be a way to make the process work.
        services.AddGrpcHealthChecks(health => health.UseHealthChecksCache = true);
        services.Configure<HealthCheckPublisherOptions>(publisher =>
        {
            publisher.Delay = TimeSpan.Zero;
            publisher.Period = TimeSpan.FromSeconds(2);
        });
        // After AddGrpc's own defaults, which put gzip back into an empty list.
        services.PostConfigure<GrpcServiceOptions>(grpc => grpc.CompressionProviders.Clear());
        // ErrorInterceptor and CallBoundary log what gRPC would log here with the exception's text, which can quote a caller.
        services.AddLogging(logging => logging.AddFilter("Grpc.AspNetCore.Server.ServerCallHandler", LogLevel.None));
        return services.AddGrpc(grpc =>
        {
            grpc.EnableDetailedErrors = false;
            grpc.IgnoreUnknownServices = false;
            grpc.ResponseCompressionAlgorithm = null;
            grpc.Interceptors.Add<ErrorInterceptor>();
            grpc.Interceptors.Add<PeerInterceptor>();
        });
    }

    /// <summary>Put this before the services are mapped. Adds health, and reflection where section <c>Grpc</c> switches it on.</summary>
    public static WebApplication UseExchangeGrpc(this WebApplication app)
    {
        app.UseMiddleware<CallBoundary>();
        app.MapGrpcHealthChecksService();
        if (app.Services.GetRequiredService<IOptions<GrpcLimits>>().Value.Reflection)
            app.MapGrpcReflectionService();
        return app;
    }
}

using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace DataExchange.Broker.Governance;

internal static class GovernanceRegistration
{
    private static readonly TimeSpan IssuerTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    /// <summary>Persons, proposals, grant requests and what is asked about them, their entries in the audit log, and the health check <c>governance</c>.</summary>
    public static IServiceCollection AddGovernance(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<GovernanceOptions>, GovernanceOptionsValidator>();
        services.AddSingleton<IValidateOptions<GovernanceOptions>, GovernanceZoneValidator>();
        services.AddOptions<GovernanceOptions>().BindConfiguration(GovernanceOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<PersonOptions>, PersonOptionsValidator>();
        services.AddSingleton<IValidateOptions<PersonOptions>, PersonIssuerValidator>();
        services.AddOptions<PersonOptions>().BindConfiguration(PersonOptions.Section).ValidateOnStart();

        // Only methods of persons ask for a token, and ask by name. As the one scheme it would be the default, and tried for every lookup.
        AppContext.SetSwitch("Microsoft.AspNetCore.Authentication.SuppressAutoDefaultScheme", true);
        services.AddAuthentication().AddJwtBearer();
        services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme).Configure<IOptions<PersonOptions>, TimeProvider>(TrustIssuer);
        // What the handler logs of a token that it refuses can quote it; the caller is told, by reason.
        services.AddLogging(logging => logging.AddFilter("Microsoft.AspNetCore.Authentication", LogLevel.None));

        services.AddGrpc().AddServiceOptions<CatalogueGrpcService>(grpc => grpc.Interceptors.Add<CatalogueFailures>());
        services.AddSingleton<CatalogueFailures>();
        services.AddHostedService<GovernanceTrail>();
        services.AddSingleton<Persons>();
        services.AddSingleton<Proposals>();
        services.AddSingleton<GrantRequests>();
        services.AddSingleton<CutOffs>();
        services.AddSingleton<AuditHistory>();
        services.AddSingleton<GovernanceWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<GovernanceWatch>());
        services.AddHealthChecks().AddCheck<GovernanceHealthCheck>("governance");
        return services;
    }

    private static void TrustIssuer(JwtBearerOptions bearer, IOptions<PersonOptions> persons, TimeProvider clock)
    {
        var options = persons.Value;
        bearer.MapInboundClaims = false;
        bearer.BackchannelTimeout = IssuerTimeout;
        bearer.TokenValidationParameters = new TokenValidationParameters
        {
            ValidIssuer = options.Issuer,
            ValidAudience = options.Audience,
            // No symmetric ones: whoever verifies could sign.
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSsaPssSha256],
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            LifetimeValidator = (from, until, _, _) =>
                until > clock.GetUtcNow().UtcDateTime - ClockSkew && !(from > clock.GetUtcNow().UtcDateTime + ClockSkew),
        };
        if (options.DevelopmentKeyPath is { Length: > 0 } path)
        {
            bearer.TokenValidationParameters.IssuerSigningKey = ReadKey(path);
        }
        else if (options.Issuer.Length > 0)
        {
            bearer.Authority = options.Issuer;
            bearer.RequireHttpsMetadata = !new Uri(options.Issuer).IsLoopback;
        }
    }

    private static ECDsaSecurityKey ReadKey(string path)
    {
        var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(path));
        return new ECDsaSecurityKey(key);
    }
}

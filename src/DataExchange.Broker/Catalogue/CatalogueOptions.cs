using System.ComponentModel.DataAnnotations;
using DataExchange.Broker.Catalogue.Storage;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Catalogue;

/// <summary>Section <c>Catalogue</c> of the configuration.</summary>
internal sealed class CatalogueOptions
{
    public const string Section = "Catalogue";

    /// <summary>sqlite or postgresql. Default sqlite.</summary>
    [EnumDataType(typeof(CatalogueProvider))]
    public CatalogueProvider Provider { get; set; } = CatalogueProvider.Sqlite;

    /// <summary>
    /// Of Microsoft.Data.Sqlite or Npgsql; never logged. Default for sqlite: <c>catalogue.db</c> under <c>Hub:DataDirectory</c>.
    /// A password is better kept out of it, in <see cref="PasswordFile"/> or the environment variable PGPASSWORD.
    /// </summary>
    [Required]
    public string ConnectionString { get; set; } = "";

    /// <summary>File with the PostgreSQL password as its only line, open to its owner only. Overrides a password in the connection string. Default: none.</summary>
    public string? PasswordFile { get; set; }

    /// <summary>
    /// The network between here and PostgreSQL is encrypted and closed by other means: lets a connection without <c>SSL Mode=VerifyFull</c> go to
    /// another machine. Default false.
    /// </summary>
    public bool TrustNetwork { get; set; }

    /// <summary>How often the version is read; a change is in force this long after it was applied, and a little. Default 1 s; 100 ms to 4 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:00:04", ParseLimitsInInvariantCulture = true)]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The catalogue in force, when its database has not answered for longer than this, makes the hub unhealthy; until then it is degraded.
    /// It stays in force either way. Default 5 min; 5 s to 1 day.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:05", "1.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan UnhealthyAfter { get; set; } = TimeSpan.FromMinutes(5);

    /// <exception cref="ArgumentException">The connection string or the password file cannot be used.</exception>
    public CatalogueDatabase ToDatabase() => new(Provider, ConnectionString, PasswordFile is null ? null : SecretFile.Read(PasswordFile));
}

[OptionsValidator]
internal sealed partial class CatalogueOptionsValidator : IValidateOptions<CatalogueOptions>;

/// <summary>What one option alone cannot tell: that provider, connection string and password make a database together.</summary>
internal sealed class CatalogueDatabaseValidator : IValidateOptions<CatalogueOptions>
{
    public ValidateOptionsResult Validate(string? name, CatalogueOptions options)
    {
        if (options.PasswordFile is not null && options.Provider == CatalogueProvider.Sqlite)
            return ValidateOptionsResult.Fail("Catalogue:PasswordFile: SQLite has no password.");
        try
        {
            return options.ToDatabase().NeedsTrustedNetwork && !options.TrustNetwork
                ? ValidateOptionsResult.Fail("Catalogue:ConnectionString needs SSL Mode=VerifyFull for another machine, unless Catalogue:TrustNetwork says that the network is encrypted by other means.")
                : ValidateOptionsResult.Success;
        }
        catch (ArgumentException broken)
        {
            return ValidateOptionsResult.Fail($"Catalogue: {broken.Message}");
        }
    }
}

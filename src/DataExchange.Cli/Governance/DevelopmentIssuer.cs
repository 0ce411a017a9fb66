using System.Security.Cryptography;
using System.Text;
using DataExchange.Hosting;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace DataExchange.Cli.Governance;

/// <summary>Signs persons in without an issuer, for trying things out: a key in a folder, and tokens that it signs. Never for a real exchange.</summary>
internal sealed class DevelopmentIssuer
{
    public const string Name = "https://persons.demo.dataexchange.example";
    public const string Audience = "dataexchange";
    public const string Folder = "persons";

    private readonly string _keyPath;

    private DevelopmentIssuer(string folder) => _keyPath = Path.Combine(folder, "development.key.pem");

    /// <summary>What the hub's <c>Persons:DevelopmentKeyPath</c> names.</summary>
    public string PublicKeyPath => Path.ChangeExtension(_keyPath, "pub.pem");

    /// <summary>Makes the key where there is none; only its owner can read it.</summary>
    public static DevelopmentIssuer Open(string folder)
    {
        var issuer = new DevelopmentIssuer(folder);
        if (File.Exists(issuer._keyPath) && File.Exists(issuer.PublicKeyPath))
            return issuer;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        WholeFile.Write(issuer._keyPath, Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem()), WholeFile.OwnerOnly, overwrite: true);
        WholeFile.Write(issuer.PublicKeyPath, Encoding.ASCII.GetBytes(key.ExportSubjectPublicKeyInfoPem()), WholeFile.OwnerOnly, overwrite: true);
        return issuer;
    }

    /// <param name="department">Null for a person of the exchange itself.</param>
    /// <exception cref="InvalidOperationException">Others can open the key's file.</exception>
    public string Sign(string subject, IReadOnlyList<string> roles, string? department, TimeSpan validFor, DateTimeOffset now)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(PrivateFile.ReadAllText(_keyPath, "development key file"));
        var claims = new Dictionary<string, object> { ["sub"] = subject, ["role"] = roles.Count == 1 ? roles[0] : roles };
        if (department is not null)
            claims["department"] = department;
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Name,
            Audience = Audience,
            IssuedAt = now.UtcDateTime,
            NotBefore = now.UtcDateTime,
            Expires = (now + validFor).UtcDateTime,
            Claims = claims,
            // Not cached: the key ends with this call.
            SigningCredentials = new SigningCredentials(
                new ECDsaSecurityKey(key) { CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false } }, SecurityAlgorithms.EcdsaSha256),
        });
    }
}

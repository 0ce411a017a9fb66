using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DataExchange.Contracts;
using DataExchange.Hosting;

namespace DataExchange.Cli.Joining;

/// <summary>The department's key, the request for its certificate, and the certificate once it has come: PEM files in one folder.</summary>
internal sealed class JoiningFolder(string folder, string trustDomain, DepartmentId department)
{
    private string KeyPath => PathOf($"department-{department}.key");

    public string RequestPath => PathOf($"department-{department}.csr");

    public string CertificatePath => PathOf($"department-{department}.pem");

    public string RootPath => PathOf("root.pem");

    /// <summary>ECDSA P-256, for TLS and for signing. One that is there is kept.</summary>
    public void MakeKey()
    {
        if (File.Exists(KeyPath))
            return;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        WholeFile.Write(KeyPath, Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"), WholeFile.OwnerOnly, overwrite: false);
    }

    /// <summary>Asks for the one name that counts, for both sides of a connection.</summary>
    /// <exception cref="UsageException">The key cannot be used.</exception>
    public void MakeRequest()
    {
        if (File.Exists(RequestPath))
            return;
        using var key = ReadKey();
        var request = new CertificateRequest($"CN={department}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri($"spiffe://{trustDomain}/department/{department}"));
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        WholeFile.Write(RequestPath, Encoding.ASCII.GetBytes(request.CreateSigningRequestPem() + "\n"), WholeFile.OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead, overwrite: false);
    }

    /// <summary>Null where certificate, key and root are there and fit; otherwise what is wrong with them.</summary>
    public string? CertificateFault()
    {
        if (!File.Exists(CertificatePath) || !File.Exists(RootPath))
            return $"sign {RequestPath}; put the certificate at {CertificatePath} and the exchange's root at {RootPath}";
        try
        {
            using var credentials = Load();
            var now = TimeProvider.System.GetUtcNow();
            return credentials.Identity.Role != PeerRole.Department || credentials.Identity.Name != department.Value ? $"{CertificatePath} names somebody else: sign {RequestPath}"
                : credentials.Certificate.NotAfter.ToUniversalTime() <= now ? $"{CertificatePath} has expired: sign {RequestPath} again"
                : null;
        }
        catch (InvalidOperationException broken)
        {
            return $"sign {RequestPath} anew: {broken.Message}";
        }
    }

    /// <exception cref="InvalidOperationException">The files do not fit.</exception>
    public TlsCredentials Load() => TlsCredentials.Load(new TlsOptions { TrustDomain = trustDomain, CertificatePath = CertificatePath, KeyPath = KeyPath, RootPath = RootPath });

    private ECDsa ReadKey()
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(PrivateFile.ReadAllText(KeyPath, "department's key file"));
            return key;
        }
        catch (Exception broken) when (broken is ArgumentException or CryptographicException or InvalidOperationException)
        {
            key.Dispose();
            throw new UsageException($"{KeyPath} cannot be used: {broken.Message}");
        }
    }

    private string PathOf(string file) => Path.Combine(folder, file);
}

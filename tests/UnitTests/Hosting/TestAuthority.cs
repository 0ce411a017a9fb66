using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DataExchange.Hosting;

namespace DataExchange.UnitTests.Hosting;

/// <summary>Issues certificates right and wrong, without a file.</summary>
internal sealed class TestAuthority : IDisposable
{
    public const string TrustDomain = "test.example";
    public const string ClientUse = "1.3.6.1.5.5.7.3.2";
    public const string ServerUse = "1.3.6.1.5.5.7.3.1";

    public X509Certificate2 Root { get; } = SelfSigned("CN=root", authority: true, []);

    public static string Department(string id) => $"spiffe://{TrustDomain}/department/{id}";

    /// <param name="uris">The URI names, in order.</param>
    /// <param name="uses">null states none.</param>
    public X509Certificate2 Issue(string[] uris, string[]? uses, int startsInDays = -1, int endsInDays = 1)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=department/tax", key, HashAlgorithmName.SHA256);
        AddExtensions(request, authority: false, uris, uses);
        return Sign(request, key, startsInDays, endsInDays);
    }

    /// <summary>For a server known by host name.</summary>
    public X509Certificate2 IssueServer(string hostName)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=server", key, HashAlgorithmName.SHA256);
        AddExtensions(request, authority: false, [], [ServerUse]);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(hostName);
        request.CertificateExtensions.Add(names.Build());
        return Sign(request, key, -1, 1);
    }

    private X509Certificate2 Sign(CertificateRequest request, ECDsa key, int startsInDays, int endsInDays)
    {
        var now = TimeProvider.System.GetUtcNow();
        using var bare = request.Create(
            Root.SubjectName, X509SignatureGenerator.CreateForECDsa(Root.GetECDsaPrivateKey()!), now.AddDays(startsInDays), now.AddDays(endsInDays), RandomNumberGenerator.GetBytes(16));
        return bare.CopyWithPrivateKey(key);
    }

    public static X509Certificate2 SelfSigned(string name, bool authority, string[] uris)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        AddExtensions(request, authority, uris, authority ? null : [ClientUse, ServerUse]);
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-30), now.AddDays(30));
    }

    /// <summary>Writes the files that <see cref="TlsCredentials"/> are loaded from.</summary>
    public TlsOptions Save(X509Certificate2 certificate, string folder, string name)
    {
        var options = new TlsOptions
        {
            TrustDomain = TrustDomain,
            CertificatePath = Path.Combine(folder, $"{name}.pem"),
            KeyPath = Path.Combine(folder, $"{name}.key"),
            RootPath = Path.Combine(folder, "root.pem"),
        };
        File.WriteAllText(options.RootPath, Root.ExportCertificatePem());
        File.WriteAllText(options.CertificatePath, certificate.ExportCertificatePem());
        File.WriteAllText(options.KeyPath, certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(options.KeyPath, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return options;
    }

    public void Dispose() => Root.Dispose();

    private static void AddExtensions(CertificateRequest request, bool authority, string[] uris, string[]? uses)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(authority, false, 0, critical: true));
        if (uses is not null)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. uses.Select(use => new Oid(use))], critical: false));
        if (uris.Length == 0)
            return;
        // Written by hand: the platform's builder would normalise the spellings that are to be refused.
        var names = new System.Formats.Asn1.AsnWriter(System.Formats.Asn1.AsnEncodingRules.DER);
        using (names.PushSequence())
        {
            foreach (var uri in uris)
                names.WriteCharacterString(System.Formats.Asn1.UniversalTagNumber.IA5String, uri, new(System.Formats.Asn1.TagClass.ContextSpecific, 6));
        }
        request.CertificateExtensions.Add(new X509Extension("2.5.29.17", names.Encode(), critical: false));
    }
}

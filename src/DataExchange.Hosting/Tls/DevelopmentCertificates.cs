using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DataExchange.Contracts;

namespace DataExchange.Hosting;

/// <summary>
/// A certificate authority in a folder, for trying things out: one root, one leaf for the hub and for each department, ECDSA P-256, PEM,
/// keys readable by their owner only. What is there and still valid is kept, so that calling it again changes nothing.
/// </summary>
public sealed class DevelopmentCertificates
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";
    private const int SerialBytes = 16;

    private static readonly TimeSpan RootLifetime = TimeSpan.FromDays(3_650);
    private static readonly TimeSpan LeafLifetime = TimeSpan.FromDays(365);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    private readonly string _folder;
    private readonly string _trustDomain;
    private readonly string _brokerId;

    private DevelopmentCertificates(string folder, string trustDomain, string brokerId)
    {
        _folder = folder;
        _trustDomain = trustDomain;
        _brokerId = brokerId;
    }

    /// <summary>Names of the files that this call wrote; empty when all were valid.</summary>
    public IReadOnlyList<string> Written { get; private set; } = [];

    public TlsOptions Hub => Options(FileName(PeerRole.Hub, _brokerId));

    public TlsOptions Department(DepartmentId department) => Options(FileName(PeerRole.Department, department.Value));

    /// <summary>What <see cref="Create"/> made in the folder earlier; looks at no file.</summary>
    public static DevelopmentCertificates Open(string folder, string trustDomain, string brokerId) => new(folder, trustDomain, brokerId);

    /// <exception cref="FormatException">The trust domain or the broker id breaks its rule.</exception>
    /// <exception cref="IOException">A file could not be written.</exception>
    public static DevelopmentCertificates Create(
        string folder, string trustDomain, string brokerId, IEnumerable<DepartmentId> departments, TimeProvider? clock = null)
    {
        if (!TlsOptions.IsTrustDomain(trustDomain))
            throw new FormatException($"A trust domain {TlsOptions.TrustDomainRule}.");
        if (!CodeName.IsValid(brokerId))
            throw new FormatException($"A broker id {CodeName.Rule}.");
        Directory.CreateDirectory(folder);
        var certificates = new DevelopmentCertificates(folder, trustDomain, brokerId);
        certificates.Ensure(departments, (clock ?? TimeProvider.System).GetUtcNow());
        return certificates;
    }

    private void Ensure(IEnumerable<DepartmentId> departments, DateTimeOffset now)
    {
        var written = new List<string>();
        using var root = Load("root", now) ?? MakeRoot(now, written);
        EnsureLeaf(root, PeerRole.Hub, _brokerId, now, written);
        foreach (var department in departments)
            EnsureLeaf(root, PeerRole.Department, department.Value, now, written);
        Written = written;
    }

    private X509Certificate2 MakeRoot(DateTimeOffset now, List<string> written)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={_trustDomain} development root", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var root = request.CreateSelfSigned(now.AddHours(-1), now + RootLifetime);
        Save("root", root, key, written);
        return root;
    }

    private void EnsureLeaf(X509Certificate2 root, PeerRole role, string name, DateTimeOffset now, List<string> written)
    {
        var file = FileName(role, name);
        using var existing = Load(file, now);
        if (existing is not null && IsIssuedBy(existing, root) && IsNamed(existing, role, name))
            return;

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerUse), new Oid(ClientUse)], critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(root, true, false));
        request.CertificateExtensions.Add(Names(role, name));
        using var leaf = request.Create(root, now.AddHours(-1), now + LeafLifetime, RandomNumberGenerator.GetBytes(SerialBytes));
        Save(file, leaf, key, written);
    }

    /// <summary>Beside the one name that counts here, the loopback names, for foreign clients that check the host.</summary>
    private X509Extension Names(PeerRole role, string name)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(SpiffeName.Of(_trustDomain, role, name)));
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        return names.Build();
    }

    private bool IsNamed(X509Certificate2 certificate, PeerRole role, string name) =>
        SpiffeName.Read(certificate, _trustDomain, out var identity) is null && identity!.Role == role && identity.Name == name;

    private static bool IsIssuedBy(X509Certificate2 leaf, X509Certificate2 root)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        return chain.Build(leaf);
    }

    private X509Certificate2? Load(string name, DateTimeOffset now)
    {
        try
        {
            var certificate = X509Certificate2.CreateFromPemFile(PathOf(name, "pem"), PathOf(name, "key"));
            if (certificate.NotAfter.ToUniversalTime() > now + RenewBefore && certificate.NotBefore.ToUniversalTime() <= now)
                return certificate;
            certificate.Dispose();
        }
        catch (Exception exception) when (exception is IOException or CryptographicException or ArgumentException)
        {
            // Absent, cut short, or a key and a certificate of two runs: made anew.
        }
        return null;
    }

    private void Save(string name, X509Certificate2 certificate, ECDsa key, List<string> written)
    {
        Write(PathOf(name, "key"), key.ExportPkcs8PrivateKeyPem(), WholeFile.OwnerOnly);
        Write(PathOf(name, "pem"), certificate.ExportCertificatePem(),
            WholeFile.OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        written.Add($"{name}.key");
        written.Add($"{name}.pem");
    }

    private static void Write(string path, string pem, UnixFileMode mode) =>
        WholeFile.Write(path, System.Text.Encoding.ASCII.GetBytes(pem + "\n"), mode, overwrite: true);

    private TlsOptions Options(string name) => new()
    {
        TrustDomain = _trustDomain,
        CertificatePath = PathOf(name, "pem"),
        KeyPath = PathOf(name, "key"),
        RootPath = PathOf("root", "pem"),
    };

    private string PathOf(string name, string extension) => Path.Combine(_folder, $"{name}.{extension}");

    private static string FileName(PeerRole role, string name) => role == PeerRole.Hub ? $"hub-{name}" : $"department-{name}";
}

using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace DataExchange.Hosting;

/// <summary>
/// Own certificate and key, and the roots trusted. The roots are those of the start; certificate and key are taken up anew when their files are
/// replaced, see <see cref="TlsRenewal"/>: whoever needs them asks for them at each connection. Thread safe.
/// </summary>
public sealed class TlsCredentials : IDisposable
{
    private readonly TlsOptions _options;
    private volatile Own _own;

    private TlsCredentials(TlsOptions options, Own own, X509Certificate2Collection roots) => (_options, _own, Roots) = (options, own, roots);

    public string TrustDomain => _options.TrustDomain;

    /// <summary>With its private key; the department's batches may be signed with it.</summary>
    public X509Certificate2 Certificate => _own.Certificate;

    /// <summary>Who this process is to others.</summary>
    public PeerIdentity Identity => _own.Identity;

    internal X509Certificate2Collection Roots { get; }

    internal SslStreamCertificateContext Context => _own.Context.Value;

    /// <summary>Why the files that are there now are not used; null while they are.</summary>
    internal string? Fault { get; private set; }

    /// <exception cref="InvalidOperationException">A file is missing, unreadable, open to others, or the certificate has no name in the trust domain.</exception>
    public static TlsCredentials Load(TlsOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var roots = new X509Certificate2Collection();
        return Reading(() =>
        {
            roots.ImportFromPem(File.ReadAllText(options.RootPath));
            return roots.Count > 0
                ? new TlsCredentials(options, Own.Load(options, OwnText.Read(options)), roots)
                : throw new InvalidOperationException("Tls:RootPath must name a file with at least one PEM certificate.");
        });
    }

    /// <summary>Takes up certificate and key if their files have changed and hold what serves in their place. One caller at a time.</summary>
    /// <returns>True if there is another certificate from now on.</returns>
    public bool TryRenew(DateTimeOffset now)
    {
        try
        {
            var text = Reading(() => OwnText.Read(_options));
            Fault = null;
            if (text.Digest == _own.Digest)
                return false;
            var next = Reading(() => Own.Load(_options, text));
            Fault = Reading(() => Refusal(next, now));
            if (Fault is null)
                _own = next;
            return Fault is null;
        }
        catch (InvalidOperationException e)
        {
            Fault = e.Message;
            return false;
        }
    }

    public void Dispose() => Certificate.Dispose();

    /// <summary>What a start would let pass, since it has nothing better.</summary>
    private string? Refusal(Own next, DateTimeOffset now)
    {
        if ((next.Identity.Role, next.Identity.Name) != (Identity.Role, Identity.Name))
            return "The certificate names another process.";
        if (next.Certificate.NotAfter.ToUniversalTime() <= now || next.Certificate.NotBefore.ToUniversalTime() > now)
            return "The certificate is not valid now.";
        if (!UsesOf(Certificate).IsSubsetOf(UsesOf(next.Certificate)))
            return "The certificate lacks a use that the one before has: peers would refuse it.";
        using var chain = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true } };
        chain.ChainPolicy.CustomTrustStore.AddRange(Roots);
        chain.ChainPolicy.ExtraStore.AddRange(next.Intermediates);
        return chain.Build(next.Certificate) ? null : "The certificate does not come from a root of Tls:RootPath.";
    }

    private static HashSet<string> UsesOf(X509Certificate2 certificate) =>
        [.. certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().SelectMany(extension => extension.EnhancedKeyUsages.Cast<Oid>()).Select(use => use.Value ?? "")];

    private static T Reading<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new InvalidOperationException($"The certificate files of section Tls cannot be used: {exception.Message}", exception);
        }
    }

    private sealed record OwnText(string Certificate, string Key)
    {
        /// <summary>Recognises both files without keeping the key's text.</summary>
        public string Digest => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{Certificate}\0{Key}")));

        public static OwnText Read(TlsOptions options) =>
            new(File.ReadAllText(options.CertificatePath), PrivateFile.ReadAllText(options.KeyPath, "file of Tls:KeyPath"));
    }

    private sealed record Own(X509Certificate2 Certificate, X509Certificate2Collection Intermediates, PeerIdentity Identity, string Digest)
    {
        public Lazy<SslStreamCertificateContext> Context { get; } = new(() => SslStreamCertificateContext.Create(Certificate, Intermediates, offline: true));

        public static Own Load(TlsOptions options, OwnText text)
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(text.Certificate);
            if (chain.Count == 0)
                throw new InvalidOperationException("Tls:CertificatePath must name a file with at least one PEM certificate.");
            var certificate = X509Certificate2.CreateFromPem(chain[0].ExportCertificatePem(), text.Key);
            if (SpiffeName.Read(certificate, options.TrustDomain, out var identity) is { } refusal)
                throw new InvalidOperationException($"The certificate of Tls:CertificatePath cannot name this process: {refusal}.");
            chain.RemoveAt(0);
            return new Own(certificate, chain, identity!, text.Digest);
        }
    }
}

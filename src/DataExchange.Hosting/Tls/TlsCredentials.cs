using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DataExchange.Hosting;

/// <summary>Own certificate and key, and the roots trusted, loaded once. Immutable and thread safe.</summary>
public sealed class TlsCredentials : IDisposable
{
    private TlsCredentials(string trustDomain, X509Certificate2 certificate, X509Certificate2Collection intermediates, X509Certificate2Collection roots,
        PeerIdentity identity)
    {
        TrustDomain = trustDomain;
        Certificate = certificate;
        Roots = roots;
        Identity = identity;
        Context = SslStreamCertificateContext.Create(certificate, intermediates, offline: true);
    }

    public string TrustDomain { get; }

    /// <summary>With its private key; the department's batches may be signed with it.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Who this process is to others.</summary>
    public PeerIdentity Identity { get; }

    internal X509Certificate2Collection Roots { get; }

    internal SslStreamCertificateContext Context { get; }

    /// <exception cref="InvalidOperationException">A file is missing, unreadable, open to others, or the certificate has no name in the trust domain.</exception>
    public static TlsCredentials Load(TlsOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(File.ReadAllText(options.CertificatePath));
            var roots = new X509Certificate2Collection();
            roots.ImportFromPem(File.ReadAllText(options.RootPath));
            if (chain.Count == 0 || roots.Count == 0)
                throw new InvalidOperationException("Tls:CertificatePath and Tls:RootPath must each name a file with at least one PEM certificate.");

            var certificate = X509Certificate2.CreateFromPem(chain[0].ExportCertificatePem(), PrivateFile.ReadAllText(options.KeyPath, "file of Tls:KeyPath"));
            if (SpiffeName.Read(certificate, options.TrustDomain, out var identity) is { } refusal)
                throw new InvalidOperationException($"The certificate of Tls:CertificatePath cannot name this process: {refusal}.");
            chain.RemoveAt(0);
            return new TlsCredentials(options.TrustDomain, certificate, chain, roots, identity!);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new InvalidOperationException($"The certificate files of section Tls cannot be used: {exception.Message}", exception);
        }
    }

    public void Dispose() => Certificate.Dispose();
}

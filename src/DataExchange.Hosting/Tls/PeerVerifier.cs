using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DataExchange.Hosting;

/// <summary>
/// Decides whether a certificate is a peer's. The TLS layer builds the chain with <see cref="ChainPolicy"/>, once a handshake;
/// the checks here are what the chain leaves open.
/// </summary>
internal sealed class PeerVerifier
{
    public static readonly Oid ServerUse = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientUse = new("1.3.6.1.5.5.7.3.2");

    private readonly TlsCredentials _credentials;
    private readonly Oid _use;
    private readonly TimeProvider _clock;

    private PeerVerifier(TlsCredentials credentials, Oid use, TimeProvider clock)
    {
        _credentials = credentials;
        _use = use;
        _clock = clock;
    }

    public static PeerVerifier OfClients(TlsCredentials credentials, TimeProvider clock) => new(credentials, ClientUse, clock);

    public static PeerVerifier OfServers(TlsCredentials credentials, TimeProvider clock) => new(credentials, ServerUse, clock);

    public X509ChainPolicy ChainPolicy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(_credentials.Roots);
        policy.ApplicationPolicy.Add(_use);
        return policy;
    }

    /// <summary>
    /// Takes what the TLS layer presented and found, with a chain built by <see cref="ChainPolicy"/>. A host name mismatch does not count:
    /// peers are known by SPIFFE name.
    /// </summary>
    /// <returns>null and the identity, or why not.</returns>
    public CertificateRefusal? Check(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors, out PeerIdentity? identity)
    {
        identity = null;
        if (certificate is not X509Certificate2 presented || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
            return CertificateRefusal.Missing;
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) || chain is null)
            return ChainRefusal(presented, chain);
        if (!IsLeafForUse(presented))
            return CertificateRefusal.WrongUse;
        return SpiffeName.Read(presented, _credentials.TrustDomain, out identity);
    }

    private CertificateRefusal ChainRefusal(X509Certificate2 certificate, X509Chain? chain)
    {
        var status = X509ChainStatusFlags.NoError;
        foreach (var element in chain?.ChainStatus ?? [])
            status |= element.Status;

        const X509ChainStatusFlags untrusted = X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.NotSignatureValid;
        if ((status & untrusted) != 0)
            return CertificateRefusal.NotFromRoot;
        if (status.HasFlag(X509ChainStatusFlags.NotTimeValid))
            return certificate.NotBefore.ToUniversalTime() > _clock.GetUtcNow() ? CertificateRefusal.NotYetValid : CertificateRefusal.Expired;
        return status.HasFlag(X509ChainStatusFlags.NotValidForUsage) ? CertificateRefusal.WrongUse : CertificateRefusal.ChainInvalid;
    }

    /// <summary>The chain lets a certificate without stated uses pass for every use, and an authority for a leaf.</summary>
    private bool IsLeafForUse(X509Certificate2 certificate)
    {
        var authority = certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(e => e.CertificateAuthority);
        var uses = certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().SelectMany(e => e.EnhancedKeyUsages.Cast<Oid>());
        return !authority && uses.Any(use => use.Value == _use.Value);
    }
}

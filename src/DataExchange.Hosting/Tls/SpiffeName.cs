using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DataExchange.Contracts;

namespace DataExchange.Hosting;

/// <summary>
/// Reads the one URI name of a certificate: <c>spiffe://trust-domain/department/id</c> or <c>spiffe://trust-domain/hub/id</c>, compared as
/// text. No URI parser is near: no case folding, no percent-decoding, no dot segments, no trailing slash.
/// </summary>
internal static class SpiffeName
{
    private const string SubjectAlternativeName = "2.5.29.17";
    private const int UriTag = 6;

    public static string Of(string trustDomain, PeerRole role, string name) => $"spiffe://{trustDomain}/{Segment(role)}/{name}";

    /// <returns>null and the identity, or the reason why there is none.</returns>
    public static CertificateRefusal? Read(X509Certificate2 certificate, string trustDomain, out PeerIdentity? identity)
    {
        identity = null;
        if (!TryReadUris(certificate, out var uris))
            return CertificateRefusal.NameMalformed;
        if (uris.Count != 1)
            return uris.Count == 0 ? CertificateRefusal.NameMissing : CertificateRefusal.NameAmbiguous;
        var prefix = $"spiffe://{trustDomain}/";
        if (!uris[0].StartsWith(prefix, StringComparison.Ordinal))
            return CertificateRefusal.OtherTrustDomain;
        if (!TryReadPath(uris[0].AsSpan(prefix.Length), out var role, out var name))
            return CertificateRefusal.NameMalformed;
        identity = new PeerIdentity(role, name, KeyId.Of(certificate));
        return null;
    }

    private static bool TryReadPath(ReadOnlySpan<char> path, out PeerRole role, [NotNullWhen(true)] out string? name)
    {
        name = null;
        var slash = path.IndexOf('/');
        role = slash > 0 && path[..slash].SequenceEqual(Segment(PeerRole.Hub)) ? PeerRole.Hub : PeerRole.Department;
        if (slash < 0 || !path[..slash].SequenceEqual(Segment(role)))
            return false;
        name = path[(slash + 1)..].ToString();
        return CodeName.IsValid(name);
    }

    /// <summary>The platform's own reader of this extension gives DNS names and addresses only.</summary>
    private static bool TryReadUris(X509Certificate2 certificate, out List<string> uris)
    {
        uris = [];
        try
        {
            foreach (var extension in certificate.Extensions.Where(e => e.Oid?.Value == SubjectAlternativeName))
            {
                var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
                while (names.HasData)
                {
                    var tag = new Asn1Tag(TagClass.ContextSpecific, UriTag);
                    if (names.PeekTag().HasSameClassAndValue(tag))
                        uris.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, tag));
                    else
                        names.ReadEncodedValue();
                }
            }
            return true;
        }
        catch (Exception exception) when (exception is AsnContentException or CryptographicException)
        {
            return false;
        }
    }

    private static string Segment(PeerRole role) => role == PeerRole.Hub ? "hub" : "department";
}

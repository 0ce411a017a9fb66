using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DataExchange.Contracts;

namespace DataExchange.Broker.Catalogue.Reading;

/// <summary>A department's public key out of PEM: a public key or a certificate, ECDSA P-256, one in the text.</summary>
internal static class KeyMaterial
{
    public const int PemLengthMax = 16 * 1024;

    private const string NistP256 = "1.2.840.10045.3.1.7";
    private const string Rule = "must be PEM with exactly one PUBLIC KEY or CERTIFICATE";
    private const string CurveRule = "must be an ECDSA key on the named curve P-256, with its point uncompressed";

    /// <returns>The broken rule; null when the key is good.</returns>
    public static string? Read(string pem, out string keyId, out string publicKey)
    {
        (keyId, publicKey) = ("", "");
        if (pem.Contains("PRIVATE KEY", StringComparison.Ordinal))
            return "must not hold a private key: a catalogue needs public ones only";

        try
        {
            if (PublicKeyInfoOf(pem) is not { } info)
                return Rule;
            if (!IsPlainP256(info))
                return CurveRule;
            (keyId, publicKey) = (KeyId.Of(info), Convert.ToBase64String(info));
            return null;
        }
        catch (Exception unreadable) when (unreadable is CryptographicException or FormatException)
        {
            return Rule;
        }
        catch (PlatformNotSupportedException)
        {
            // A curve that the platform has never heard of.
            return CurveRule;
        }
    }

    private static byte[]? PublicKeyInfoOf(string pem)
    {
        if (!PemEncoding.TryFind(pem, out var found) || PemEncoding.TryFind(pem.AsSpan(found.Location.End.Value), out _))
            return null;
        var der = Convert.FromBase64String(pem[found.Base64Data]);
        switch (pem[found.Label])
        {
            case "PUBLIC KEY":
                return der;
            case "CERTIFICATE":
                using (var certificate = X509CertificateLoader.LoadCertificate(der))
                    return certificate.PublicKey.ExportSubjectPublicKeyInfo();
            default:
                return null;
        }
    }

    /// <summary>Byte for byte the form in which certificates carry the key: any other would get another key id.</summary>
    private static bool IsPlainP256(byte[] info)
    {
        var kind = PublicKey.CreateFromSubjectPublicKeyInfo(info, out var read);
        if (read != info.Length || kind.GetECDsaPublicKey() is not { } key)
            return false;
        using (key)
            return key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == NistP256 && key.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(info);
    }
}

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Catalogue.Reading;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Catalogue;

/// <summary>A small, whole catalogue as a file, and how tests change it.</summary>
internal static class SampleCatalogue
{
    public static readonly string FirstKey = PublicKeyPem(ECCurve.NamedCurves.nistP256);
    public static readonly string SecondKey = PublicKeyPem(ECCurve.NamedCurves.nistP256);

    public static readonly string Yaml = $$"""
        departments:
          - id: civil-affairs
            name: Civil affairs
            adapter: https://civil-affairs.example:7443
            accepted_epoch: 00112233445566778899AABBCCDDEEFF
            keys:
              - pem: |
        {{Indent(FirstKey, 12)}}
                uses: [tls, signing]
          - id: housing
            name: 住房保障
            suspended: true
            keys:
              - pem: |
        {{Indent(SecondKey, 12)}}
                uses: [tls]
        schemes:
          - name: coins
            pattern: "[A-Z]{3}[0-9]{3}"
            normalize: [trim, upper]
          - name: buyer-id
            length: 8
        attributes:
          - id: civil-affairs/marital-status
            title: Marital status
            type: code
            holding: held
            max_age: 30d
            sharing: unconditional
            sensitivity: special
            legal_source: Civil Registration Act, section 7
          - id: civil-affairs/address
            title: Address
            type: text
            holding: located
        link_rights:
          - department: civil-affairs
            schemes: [cn-resident, coins]
        grants:
          - consumer: housing
            attributes:
              - civil-affairs/marital-status
              - civil-affairs/address
            purpose: rent-subsidy
            legal_basis: Housing Act, section 12
            valid_from: 2026-01-01
            valid_until: 2026-12-31T08:00:00+08:00
        holidays: [2026-10-01]
        working_days: [2026-10-10]
        """;

    public static CatalogueReading Read(string yaml, string keyFolder = "/nonexistent") =>
        CatalogueReader.Read(new MemoryStream(Encoding.UTF8.GetBytes(yaml)), keyFolder);

    /// <summary>The file that the YAML states; fails where it states none.</summary>
    public static CatalogueFile File(string yaml)
    {
        var reading = Read(yaml);
        Assert.That(reading.Errors, Is.Empty);
        return reading.File!;
    }

    /// <summary>The sample with one part of its text replaced; the part has to be there.</summary>
    public static string With(string part, string replacement)
    {
        Assert.That(Yaml, Does.Contain(part));
        return Yaml.Replace(part, replacement, StringComparison.Ordinal);
    }

    public static string PublicKeyPem(ECCurve curve)
    {
        using var key = ECDsa.Create(curve);
        return key.ExportSubjectPublicKeyInfoPem();
    }

    public static string CertificatePem()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=department", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        return certificate.ExportCertificatePem();
    }

    public static string Indent(string text, int columns) =>
        string.Join('\n', text.Split('\n').Select(line => new string(' ', columns) + line));
}

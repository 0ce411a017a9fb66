using System.Text;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Catalogue.Reading;
using DataExchange.Hosting;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.FunctionalTests.Hub;

/// <summary>
/// The catalogue of a test: <see cref="Registry"/> runs an adapter and owns a held and a located attribute, <see cref="Foreign"/> publishes by
/// itself, <see cref="Welfare"/> asks. <see cref="Stranger"/> has a certificate and is not in it.
/// </summary>
/// <param name="GrantValidUntil">The end of welfare's grants.</param>
internal sealed record TestCatalogue(TestCertificates Certificates, int AdapterPort, string GrantValidUntil = "2126-01-01")
{
    public const string Registry = "registry";
    public const string Foreign = "foreign";
    public const string Welfare = "welfare";
    public const string Stranger = "stranger";

    /// <summary>Has a certificate, and is in the catalogue where <see cref="LicensingPort"/> says where its adapter is.</summary>
    public const string Licensing = "licensing";
    public const string Scheme = "test-body";
    public const string SchemePattern = "[A-Z]{4}[0-9]{16}";
    public const string Status = "status";
    public const string Address = "address";
    public const string Purpose = "benefits";
    public const string ForeignPurpose = "residence";
    public const string LegalBasis = "Test Act, section 1";

    /// <summary>The key that welfare is registered with; its own unless said otherwise.</summary>
    public TlsOptions WelfareKey { get; init; } = Certificates.Department(Welfare);

    /// <summary>A second key of welfare, beside the first.</summary>
    public TlsOptions? WelfareNextKey { get; init; }

    /// <summary>May link two identifiers of <see cref="Scheme"/>; null for nobody.</summary>
    public string? Linker { get; init; }

    private string LinkRights => Linker is null ? "" : $"\nlink_rights:\n  - department: {Linker}\n    schemes: [{Scheme}, {Scheme}]";

    /// <summary>Port of the adapter of <c>samples/02-a-file</c>.</summary>
    public int? LicensingPort { get; init; }

    /// <summary>Lets foreign ask for the registry's held attribute, for a purpose of its own.</summary>
    public bool ForeignAsks { get; init; }

    private string ForeignGrant => ForeignAsks ? $"\n  - consumer: {Foreign}\n    purpose: {ForeignPurpose}\n    legal_basis: '{LegalBasis}'\n    valid_from: 2020-01-01\n"
        + $"    valid_until: {GrantValidUntil}\n    attributes:\n      - {Registry}/{Status}" : "";

    private string NextKey => WelfareNextKey is null ? "" : $"\n      - file: {WelfareNextKey.CertificatePath}\n        uses: [tls]";

    public CatalogueFile Read()
    {
        var reading = CatalogueReader.Read(new MemoryStream(Encoding.UTF8.GetBytes(Yaml())), Certificates.Folder);
        Assert.That(reading.Errors, Is.Empty, "catalogue");
        return reading.File!;
    }

    private string Yaml() => $"""
        departments:
          - id: {Registry}
            name: Registry
            adapter: https://127.0.0.1:{AdapterPort}
            keys:
              - file: {Certificates.Department(Registry).CertificatePath}
                uses: [tls, signing]
          - id: {Foreign}
            name: Foreign
            keys:
              - file: {Certificates.Department(Foreign).CertificatePath}
                uses: [tls, signing]
          - id: {Welfare}
            name: Welfare
            keys:
              - file: {WelfareKey.CertificatePath}
                uses: [tls]{NextKey}{LicensingDepartment}
        schemes:
          - name: {Scheme}
            pattern: '{SchemePattern}'{LicensingSchemes}{LinkRights}
        attributes:
          - id: {Registry}/{Status}
            title: Status
            type: text
            holding: held
          - id: {Registry}/{Address}
            title: Address
            type: text
            holding: located
          - id: {Foreign}/{Status}
            title: Status abroad
            type: text
            holding: held{LicensingAttributes}
        grants:
          - consumer: {Welfare}
            purpose: {Purpose}
            legal_basis: '{LegalBasis}'
            valid_from: 2020-01-01
            valid_until: {GrantValidUntil}
            attributes:
              - {Registry}/{Status}
              - {Registry}/{Address}
              - {Foreign}/{Status}{LicensingGrants}{ForeignGrant}
        """;

    private string LicensingDepartment => LicensingPort is null ? "" : $"""

          - id: {Licensing}
            name: Licensing
            adapter: https://127.0.0.1:{LicensingPort}
            keys:
              - file: {Certificates.Department(Licensing).CertificatePath}
                uses: [tls, signing]
        """;

    private string LicensingSchemes => LicensingPort is null ? "" : """

          - {name: licence, pattern: 'L-[0-9]{6}'}
          - {name: company, pattern: 'B[0-9]{6}'}
        link_rights:
          - {department: licensing, schemes: [licence, company]}
        """;

    private string LicensingAttributes => LicensingPort is null ? "" : """

          - {id: licensing/kind, title: Kind, type: code, holding: held}
          - {id: licensing/issued, title: Issued, type: date, holding: held}
          - {id: licensing/state, title: State, type: code, holding: held}
          - {id: licensing/address, title: Address, type: text, holding: located}
        """;

    private string LicensingGrants => LicensingPort is null ? "" : """

              - licensing/kind
              - licensing/issued
              - licensing/state
              - licensing/address
        """;
}

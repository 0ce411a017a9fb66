using System.Text;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Catalogue.Reading;

namespace DataExchange.Fuzzing.Targets;

/// <summary>
/// Catalogue files, as proposed through the hub: without key files. There is a file exactly where there is no error; an error has place and rule, and
/// nothing of the file in it; a file that is accepted can be taken into force, and written and read again it is the same.
/// </summary>
internal static class CatalogueTarget
{
    public static bool Accepts(byte[] input)
    {
        var reading = Read(input);
        Must.Hold(reading.File is null == reading.Errors.Count > 0, "there is a file exactly where there is no error");
        foreach (var error in reading.Errors)
        {
            Must.Refuse(error.Rule, input);
            Must.Hold(error.Line >= 0 && error.Column >= 0, "an error has its place");
        }

        if (reading.File is null)
            return false;
        var snapshot = CatalogueSnapshot.Of(1, reading.File);
        Must.Hold(snapshot.Grants.Count == reading.File.Grants.Count && snapshot.Attributes.Count == reading.File.Attributes.Count, "all that is accepted is in force");
        var written = CatalogueWriter.Write(reading.File);
        var again = Read(Encoding.UTF8.GetBytes(written));
        Must.Hold(again.File is not null, "what is written is read");
        Must.Hold(CatalogueWriter.Write(again.File!) == written, "a catalogue written and read is the same");
        return true;
    }

    public static IEnumerable<(string, byte[])> Seeds() =>
    [
        ("whole", Encoding.UTF8.GetBytes(Yaml)),
        ("as-written", Encoding.UTF8.GetBytes(CatalogueWriter.Write(Read(Encoding.UTF8.GetBytes(Yaml)).File!))),
        ("empty", []),
        ("least", "departments:\n- {id: tax, name: Tax}\n"u8.ToArray()),
        ("anchors", "a: &a [b, b]\nc: [*a, *a]\n"u8.ToArray()),
        ("deep", Encoding.UTF8.GetBytes(new string('[', 40))),
        ("tag", "departments: !!set {tax, housing}\n"u8.ToArray()),
    ];

    private static CatalogueReading Read(byte[] yaml) => CatalogueReader.Read(new MemoryStream(yaml), keyFolder: null);

    private static string Yaml => $"""
        departments:
          - id: tax
            name: Tax 税务
            adapter: https://tax.example:7443
            accepted_epoch: 00112233445566778899AABBCCDDEEFF
            keys:
              - pem: "{FuzzExchange.TaxKey.ExportSubjectPublicKeyInfoPem().Replace("\n", "\\n", StringComparison.Ordinal)}"
                uses: [tls, signing]
          - {"{"}id: housing, name: Housing, suspended: true{"}"}
        schemes:
          - name: coins
            pattern: "[A-Z]{"{"}3{"}"}[0-9]{"{"}3{"}"}"
            normalize: [trim, upper]
          - {"{"}name: buyer-id, length: 8{"}"}
        attributes:
          - id: tax/class
            title: Class
            type: code
            holding: held
            max_age: P30DT12H
            sharing: unconditional
            sensitivity: special
            legal_source: Tax Act, section 7
          - {"{"}id: tax/return, title: Return, type: text, holding: located{"}"}
          - {"{"}id: housing/class, title: Class, type: code, holding: held, claims: tax/class{"}"}
        link_rights:
          - {"{"}department: tax, schemes: [cn-resident, coins]{"}"}
        grants:
          - consumer: housing
            attributes: [tax/class, tax/return]
            purpose: rent-subsidy
            legal_basis: Housing Act, section 12
            valid_from: 2026-01-01
            valid_until: 2026-12-31T08:00:00+08:00
        holidays: [2026-10-01]
        working_days: [2026-10-10]
        """;
}

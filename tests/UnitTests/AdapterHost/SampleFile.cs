using DataExchange.AdapterHost.Configuration;
using NUnit.Framework;

namespace DataExchange.UnitTests.AdapterHost;

/// <summary>A good adapter file, to be changed by tests.</summary>
internal static class SampleFile
{
    public const string Scheme = "body";

    public const string Head = """
        adapter:
          department: registry
          state_folder: state
          hub_address: https://127.0.0.1:7443
          hub_name: hub-1
          hub_key_ids:
            - 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
        tls:
          trust_domain: test.exchange
          certificate_path: tls.pem
          key_path: tls.key
          root_path: root.pem
        schemes:
          - name: body
            pattern: "[A-Z]{2}[0-9]{1,12}"
            normalize: [trim, upper]
          - name: old
            pattern: "[0-9]{1,12}"
        code_lists:
          states: {A: active, D: dissolved}

        """;

    public const string Source = """
        sources:
          - name: bodies
            files: {folder: data, pattern: "*.csv", quiet: "00:00:00"}
            subject: {column: id, scheme: body}
            links:
              - {column: former, scheme: old}
            where:
              - {column: kind, not: [test]}
            attributes:
              - {name: title, type: text}
              - {name: state, type: code, code_list: states}
              - {name: founded, type: date, format: dd.MM.yyyy}
              - {name: address, type: text, holding: located}

        """;

    public const string Yaml = Head + Source;

    /// <summary>Written into <paramref name="folder"/> and read.</summary>
    public static HostFile Load(string folder, string yaml = Yaml)
    {
        var path = Path.Combine(folder, "adapter.yaml");
        File.WriteAllText(path, yaml);
        var file = HostFile.Load(path, out var errors);
        Assert.That(errors, Is.Empty);
        return file!;
    }
}

using System.Text;
using DataExchange.AdapterHost.Mapping;
using DataExchange.Contracts;
using DataExchange.Hosting;

namespace DataExchange.AdapterHost.Configuration;

/// <summary>A good file: its settings as configuration spells them, and what its sources mean.</summary>
internal sealed record HostFile(HostConfig Config, IReadOnlyDictionary<string, string?> Settings, IReadOnlyList<SourceMapping> Sources, IdentifierSchemes Schemes)
{
    // Registers are also kept in encodings that .NET does not know by itself: gb18030, windows-1252.
    static HostFile() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    /// <summary>Null where there are errors: every one of them, in the order of the file.</summary>
    public static HostFile? Load(string path, out IReadOnlyList<YamlError> found)
    {
        var errors = new YamlErrors();
        var file = Load(Path.GetFullPath(path), errors);
        found = errors.InOrder();
        return found.Count == 0 ? file : null;
    }

    private static HostFile? Load(string path, YamlErrors errors)
    {
        using var yaml = File.OpenRead(path);
        var binding = new YamlBinding(errors, Path.GetDirectoryName(path)!);
        if (YamlTree.Read(yaml, errors) is not { } root || binding.Read<HostConfig>(root) is not { } config)
            return null;
        var schemes = new MappingRules(config, binding, errors).Check();
        if (errors.Count > 0)
            return null;
        var sources = config.Sources.Select(source => new SourceMapping(source, schemes, config.CodeLists)).ToList();
        return new HostFile(config, binding.Settings, sources, schemes);
    }
}

using System.Security;
using System.Text;
using DataExchange.Contracts;
using DataExchange.Hosting;

namespace DataExchange.Broker.Catalogue.Reading;

/// <summary>Reads the departments' keys: each a PEM in the file itself or in a file beside it. One key belongs to one department.</summary>
/// <param name="folder">What key files are relative to; null where none may be read.</param>
internal sealed class KeyReader(string? folder, YamlErrors errors)
{
    private const string FileRule = "must name a readable text file of at most 16 KiB";

    private readonly List<KeyConfig> _read = [];
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);

    public IReadOnlyList<KeyConfig> Read => _read;

    public void ReadAll(DepartmentId department, IReadOnlyList<(YamlNode Node, string Path)> keys)
    {
        foreach (var (node, path) in keys)
        {
            var fields = new YamlFields(node, path, errors);
            var key = ReadOne(department, fields);
            if (fields.End())
                _read.Add(key!);
        }
    }

    private KeyConfig? ReadOne(DepartmentId department, YamlFields fields)
    {
        var inline = fields.Optional<string>("pem", CatalogueValues.Pem, CatalogueValues.PemRule, out var pem);
        var linked = fields.Optional<string>("file", CatalogueValues.Path, CatalogueValues.PathRule, out var path);
        var uses = KeyUses.None;
        foreach (var use in fields.Values<KeyUses>("uses", 2, CatalogueValues.Use, CatalogueValues.UsesRule, required: true) ?? [])
            uses |= use.Value;
        if (!inline || !linked)
            return null;

        if (pem is null == path is null)
        {
            fields.Refuse("must have either pem or file");
            return null;
        }

        var field = pem is null ? "file" : "pem";
        pem ??= ReadFile(path!);
        if (pem is null)
            fields.Refuse(field, FileRule);
        else if (KeyMaterial.Read(pem, out var id, out var publicKey) is { } rule)
            fields.Refuse(field, rule);
        else if (!_ids.Add(id))
            fields.Refuse(field, "must not be registered twice, for this or another department");
        else
            return new KeyConfig(id, department, publicKey, uses);
        return null;
    }

    private string? ReadFile(string path)
    {
        if (folder is null)
            return null;
        try
        {
            using var file = File.OpenRead(Path.Combine(folder, path));
            var bytes = new byte[KeyMaterial.PemLengthMax + 1];
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return length <= KeyMaterial.PemLengthMax ? Encoding.ASCII.GetString(bytes, 0, length) : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or SecurityException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }
}

using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Index;

/// <summary>What no single option can say.</summary>
internal sealed class IndexPlacesValidator : IValidateOptions<IndexOptions>
{
    public ValidateOptionsResult Validate(string? name, IndexOptions options)
    {
        if (options.Folder.Length == 0)
            return ValidateOptionsResult.Skip;
        var wrong = Keys(options).Where(key => IsInside(key.Path, options.Folder))
            .Select(key => $"{key.Name} must lie outside {nameof(IndexOptions.Folder)}: a copy of the index must not carry its key.")
            .Concat(options.KeyTokens.Where(token => IsInside(token.PinFile, options.KeyFolder))
                .Select(_ => $"{nameof(IndexOptions.KeyTokens)}: {nameof(KeyTokenOptions.PinFile)} must lie outside {nameof(IndexOptions.KeyFolder)}: a copy of the keys must not carry the PIN."))
            .Concat(options.KeyTokens.GroupBy(token => (token.TokenLabel, token.KeyLabel)).Where(same => same.Count() > 1)
                .Select(_ => $"{nameof(IndexOptions.KeyTokens)} must name each key once."))
            .ToList();
        return wrong.Count > 0 ? ValidateOptionsResult.Fail(wrong) : ValidateOptionsResult.Success;
    }

    private static IEnumerable<(string Name, string Path)> Keys(IndexOptions options) =>
    [
        (nameof(IndexOptions.HubKeyFile), options.HubKeyFile),
        (nameof(IndexOptions.KeyFolder), options.KeyFolder),
        .. options.KeyTokens.Select(token => ($"{nameof(IndexOptions.KeyTokens)}: {nameof(KeyTokenOptions.PinFile)}", token.PinFile)),
    ];

    private static bool IsInside(string path, string folder) =>
        path.Length > 0 && folder.Length > 0
        && Path.GetFullPath(path + Path.DirectorySeparatorChar).StartsWith(Path.GetFullPath(folder + Path.DirectorySeparatorChar), StringComparison.Ordinal);
}

using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Providers;

/// <summary>Section <c>Providers</c>.</summary>
public sealed class ProviderOptions
{
    public const string Section = "Providers";

    /// <summary>
    /// Networks that adapters are in, as 10.20.0.0/16 or fd00::/8: the hub connects to no adapter elsewhere, whatever address the catalogue names.
    /// Default none: anywhere but where <see cref="DataExchange.Hosting.ReachableNetworks"/> never leads. At most 100.
    /// </summary>
    [MaxLength(100)]
    public IList<string> Networks { get; } = [];
}

[OptionsValidator]
internal sealed partial class ProviderOptionsAttributes : IValidateOptions<ProviderOptions>;

internal sealed class ProviderOptionsValidator : IValidateOptions<ProviderOptions>
{
    public ValidateOptionsResult Validate(string? name, ProviderOptions options)
    {
        var wrong = options.Networks.Where(network => !IPNetwork.TryParse(network, out var parsed) || parsed.BaseAddress.IsIPv4MappedToIPv6).ToList();
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong.Select(network =>
            $"{ProviderOptions.Section}:{nameof(ProviderOptions.Networks)} has {network}, which is no network: an address whose bits after the prefix are 0, and the prefix, as 10.20.0.0/16."));
    }
}

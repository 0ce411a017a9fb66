using DataExchange.Broker.Index.Sealing;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Index;

/// <summary>Begins a rotation: makes the key that follows those of a hub's configuration, whether the hub runs or not.</summary>
public static class NextKey
{
    /// <summary>What keys there are that can be changed.</summary>
    public static readonly string[] Kinds = [WrappingKeys.Prefix, RowKeys.Prefix];

    /// <param name="hub">With the hub's configuration; nothing else of it is used.</param>
    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <returns>What the key is called, as <c>wrapping key 2</c>.</returns>
    /// <exception cref="InvalidOperationException">The configuration breaks a rule, or the key's token cannot be used.</exception>
    public static string Make(WebApplicationBuilder hub, string kind)
    {
        hub.Services.AddIndex();
        using var services = hub.Services.BuildServiceProvider();
        try
        {
            var options = services.GetRequiredService<IOptions<IndexOptions>>().Value;
            return $"{kind} key {new NumberedKeyFiles(options.KeyFolder, kind, new KeyTokens(options.KeyTokens)).Create()}";
        }
        catch (OptionsValidationException e)
        {
            throw new InvalidOperationException(e.Message, e);
        }
    }
}

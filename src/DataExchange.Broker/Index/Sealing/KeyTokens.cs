using System.Collections.Immutable;

namespace DataExchange.Broker.Index.Sealing;

/// <summary>The tokens that key files are wrapped by. Thread safe.</summary>
internal sealed class KeyTokens(IEnumerable<KeyTokenOptions> options)
{
    public static readonly KeyTokens None = new([]);

    public ImmutableArray<KeyToken> All { get; } = [.. options.Select(token => new KeyToken(token))];

    /// <summary>The one that wraps what is made from now on.</summary>
    public KeyToken? Last => All.LastOrDefault();

    /// <param name="content">Of the key file, which begins with the name of its token.</param>
    /// <param name="name">Of the key, for which it was wrapped.</param>
    /// <exception cref="InvalidOperationException">Its token is not configured, does not answer, or does not unwrap it.</exception>
    public byte[] Unwrap(byte[] content, string name) =>
        All.FirstOrDefault(token => token.HasWrapped(content)) is { } token
            ? token.Unwrap(content, name)
            : throw new InvalidOperationException($"The {name} is wrapped by {KeyToken.NameIn(content)}, which Index:KeyTokens does not name.");
}

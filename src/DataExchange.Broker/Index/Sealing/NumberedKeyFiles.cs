using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DataExchange.Hosting;

namespace DataExchange.Broker.Index.Sealing;

/// <summary>
/// Generations of one key in a folder: <c>PREFIX-N.key</c>, 32 random bytes each, open to their owner only; as they are, or wrapped by the
/// key of a token, see <see cref="KeyToken"/>.
/// </summary>
/// <param name="tokens">None unless given.</param>
internal sealed class NumberedKeyFiles(string folder, string prefix, KeyTokens? tokens = null)
{
    public const int KeyBytes = 32;

    private const string Suffix = ".key";

    private readonly KeyTokens _tokens = tokens ?? KeyTokens.None;

    /// <summary>Ascending, from 1.</summary>
    public uint[] Numbers() => !Directory.Exists(folder)
        ? []
        : [.. Directory.EnumerateFiles(folder, $"{prefix}-*{Suffix}")
            .Select(path => Path.GetFileName(path)[(prefix.Length + 1)..^Suffix.Length])
            .Select(text => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0)
            .Where(number => number > 0)
            .Order()];

    /// <summary>Makes the key that follows those that are there, wrapped by the last token if there is one.</summary>
    /// <returns>Its number.</returns>
    /// <exception cref="InvalidOperationException">The token does not wrap it.</exception>
    public uint Create()
    {
        var number = Numbers().LastOrDefault() + 1;
        if (_tokens.Last is { } token)
            WholeFile.Write(PathOf(number), token.Wrap(RandomNumberGenerator.GetBytes(KeyBytes), NameOf(number)), WholeFile.OwnerOnly, overwrite: false);
        else
            KeyFile.Create(PathOf(number), KeyBytes);
        return number;
    }

    /// <exception cref="InvalidOperationException">The file is not a key file as it must be, or its token does not unwrap it.</exception>
    public byte[] Read(uint number)
    {
        var content = KeyFile.ReadFirst(PathOf(number), NameOf(number), KeyToken.WrappedBytesMax);
        return KeyToken.IsWrapped(content)
            ? _tokens.Unwrap(content, NameOf(number))
            : KeyFile.Read(PathOf(number), NameOf(number), KeyBytes);
    }

    /// <exception cref="InvalidOperationException">There is no key, and none may be made.</exception>
    public void Require(bool mayCreate)
    {
        if (Numbers().Length > 0)
            return;
        if (!mayCreate)
            throw new InvalidOperationException($"There is no {prefix} key but the index was written with one. Restore the key files; without them it cannot be read.");
        Create();
    }

    /// <summary>A key of its own for each use of one of these, HKDF-SHA-256.</summary>
    /// <param name="use">Differs from every other use.</param>
    public static byte[] Derive(ReadOnlySpan<byte> key, string use)
    {
        var derived = new byte[KeyBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, derived, salt: default, Encoding.ASCII.GetBytes(use));
        return derived;
    }

    private string NameOf(uint number) => $"{prefix} key {number}";

    private string PathOf(uint number) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{prefix}-{number}{Suffix}"));
}

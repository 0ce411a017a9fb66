using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using DataExchange.Hosting;

namespace DataExchange.Broker.Index.Sealing;

/// <summary>
/// The wrapping keys of the hub: files <c>wrapping-N.key</c> of 32 random bytes, open to their owner only. The highest number wraps, all of
/// them unwrap: a further file begins a rotation. Thread safe.
/// </summary>
internal sealed class WrappingKeys : IDisposable
{
    private const string Prefix = "wrapping-";
    private const string Suffix = ".key";

    private readonly string _folder;

    // Replaced, never changed.
    private volatile Ring _ring;

    private WrappingKeys(string folder, ImmutableArray<WrappingKey> keys) => (_folder, _ring) = (folder, new Ring(keys));

    /// <summary>The one that secrets are wrapped with from now on.</summary>
    public WrappingKey Current => _ring.Keys[^1];

    /// <summary>By number, ascending.</summary>
    public ImmutableArray<WrappingKey> All => _ring.Keys;

    /// <param name="folder">Where the files are; made with the first one.</param>
    /// <param name="mayCreate">Only while nothing in the index is wrapped: under a new key it could not be read.</param>
    /// <exception cref="InvalidOperationException">There is no key and none may be made, or a file is not a key file as it must be.</exception>
    public static WrappingKeys LoadOrCreate(string folder, bool mayCreate)
    {
        if (Numbers(folder).Length == 0)
        {
            if (!mayCreate)
                throw new InvalidOperationException("There is no wrapping key but the index has secrets that were wrapped. Restore the key files; without them no held value can be read.");
            Create(folder);
        }

        return new WrappingKeys(folder, [.. Numbers(folder).Select(number => Load(folder, number))]);
    }

    /// <summary>Makes the key that follows those in the folder. A hub that runs takes it up by itself.</summary>
    /// <returns>Its number.</returns>
    public static uint Create(string folder)
    {
        var number = Numbers(folder).LastOrDefault() + 1;
        KeyFile.Create(PathOf(folder, number), WrappingKey.KeyBytes);
        return number;
    }

    /// <summary>Reads the keys whose files have come since.</summary>
    /// <exception cref="InvalidOperationException">A new file is not a key file as it must be.</exception>
    public IReadOnlyList<WrappingKey> ReadNew() =>
        [.. Numbers(_folder).Where(number => number > Current.Number).Select(number => Load(_folder, number))];

    /// <summary>The highest wraps from now on. Their fingerprints MUST be in the index already.</summary>
    public void TakeUp(IReadOnlyList<WrappingKey> added) => _ring = new Ring([.. _ring.Keys, .. added]);

    public WrappingKey? Find(uint number)
    {
        var keys = _ring.Keys;
        for (var i = keys.Length - 1; i >= 0; i--)
        {
            if (keys[i].Number == number)
                return keys[i];
        }
        return null;
    }

    /// <summary>Derives the keys of a subject from its wrapped secret, see <see cref="SubjectSecret"/>.</summary>
    /// <returns>False if no key here has wrapped it for this subject.</returns>
    public bool TryDerive(ReadOnlySpan<byte> wrapped, SubjectKey subject, Span<byte> derived)
    {
        Span<byte> secret = stackalloc byte[SubjectSecret.Bytes];
        if (Find(WrappingKey.NumberOf(wrapped)) is not { } key || !key.TryUnwrap(wrapped, subject, secret))
            return false;
        SubjectSecret.Derive(secret, derived);
        CryptographicOperations.ZeroMemory(secret);
        return true;
    }

    public void Dispose()
    {
        foreach (var key in _ring.Keys)
            key.Dispose();
    }

    private static WrappingKey Load(string folder, uint number) =>
        new(number, KeyFile.Read(PathOf(folder, number), $"wrapping key {number}", WrappingKey.KeyBytes));

    private static uint[] Numbers(string folder) => !Directory.Exists(folder)
        ? []
        : [.. Directory.EnumerateFiles(folder, Prefix + "*" + Suffix)
            .Select(path => Path.GetFileName(path)[Prefix.Length..^Suffix.Length])
            .Where(text => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0)
            .Select(text => uint.Parse(text, CultureInfo.InvariantCulture))
            .Order()];

    private static string PathOf(string folder, uint number) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number}{Suffix}"));

    private sealed record Ring(ImmutableArray<WrappingKey> Keys);
}

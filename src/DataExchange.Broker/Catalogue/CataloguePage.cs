using System.Buffers.Text;
using System.Collections.Immutable;
using System.Text;
using DataExchange.Contracts;

namespace DataExchange.Broker.Catalogue;

/// <summary>
/// A page of an ordered list: what comes after the key in the token. The catalogue may change between two pages; what was there all the
/// time is then still given exactly once.
/// </summary>
/// <param name="NextToken">Empty on the last page.</param>
internal readonly record struct CataloguePage<T>(IEnumerable<T> Messages, string NextToken);

internal static class CataloguePage
{
    public const int SizeMax = 1_000;
    public const int SizeDefault = 100;

    private const int TokenLengthMax = 512;
    private const string TokenRule = "must be empty, or the next_page_token of the same list";

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <param name="list">Name of the list with its filter; a token of another list is refused.</param>
    /// <param name="entries">In ordinal order of their keys.</param>
    /// <param name="size">As asked; 0 for <see cref="SizeDefault"/>.</param>
    /// <param name="token">As asked; empty for the first page.</param>
    public static CataloguePage<T> Of<T>(string list, ImmutableArray<Listed<T>> entries, int size, string token)
    {
        (size, var after) = Read(list, size, token);
        var start = after is null ? 0 : FirstAfter(entries, after);
        var end = Math.Min(entries.Length, start + size);
        return new CataloguePage<T>(
            entries.AsSpan(start..end).ToArray().Select(entry => entry.Message),
            end < entries.Length ? MakeToken(list, entries[end - 1].Key) : "");
    }

    /// <summary>Size of a page and the key that it comes after, null for the first.</summary>
    public static (int Size, string? After) Read(string list, int size, string token)
    {
        var errors = new List<FieldError>();
        if (size is < 0 or > SizeMax)
            errors.Add(new FieldError("page_size", $"must be 0 to {SizeMax}"));
        if (!TryReadToken(list, token, out var after))
            errors.Add(new FieldError("page_token", TokenRule));
        return errors.Count == 0 ? (size == 0 ? SizeDefault : size, after) : throw ExchangeError.Invalid(errors).ToRpcException();
    }

    public static string MakeToken(string list, string key) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{list}\n{key}"));

    private static int FirstAfter<T>(ImmutableArray<Listed<T>> entries, string key)
    {
        var (low, high) = (0, entries.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = string.CompareOrdinal(entries[middle].Key, key) <= 0 ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private static bool TryReadToken(string list, string token, out string? after)
    {
        after = null;
        if (token.Length == 0)
            return true;
        if (token.Length > TokenLengthMax || !Base64Url.IsValid(token))
            return false;
        try
        {
            after = Strict.GetString(Base64Url.DecodeFromChars(token)).Split('\n', 2) is [var ofList, var key] && ofList == list ? key : null;
        }
        catch (Exception unreadable) when (unreadable is FormatException or DecoderFallbackException)
        {
            return false;
        }

        return after is not null;
    }
}

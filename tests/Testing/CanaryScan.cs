using System.Text;
using NUnit.Framework;

namespace DataExchange.Testing;

/// <summary>
/// Marked identifiers and values that are fed through the flows and must turn up nowhere else. Searches texts and files for each of them as
/// UTF-8, UTF-16, base64 and hexadecimal, without regard to case. Collects every hit before it speaks.
/// </summary>
/// <param name="canaries">At least 16 characters each, so that no spelling turns up by chance.</param>
public sealed class CanaryScan(params string[] canaries)
{
    private const int LengthMin = 16;

    private readonly (string Canary, byte[] Pattern)[] _patterns = [.. canaries.SelectMany(Spellings)];
    private readonly List<string> _hits = [];

    public CanaryScan Text(string source, string text) => Bytes(source, Encoding.UTF8.GetBytes(text));

    /// <summary>Every file below the folder, also those that are still open. A folder without a byte fails the test: nothing would be found in it.</summary>
    /// <param name="except">Extensions or names where a value may be, such as those of a department's own store.</param>
    public CanaryScan Files(string folder, params string[] except)
    {
        var searched = 0L;
        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            if (except.Any(ending => path.EndsWith(ending, StringComparison.Ordinal)))
                continue;
            using var file = OpenIfThere(path);
            // Removed meanwhile by whoever has the folder open: it holds nothing any more.
            if (file is null)
                continue;
            var bytes = new byte[file.Length];
            file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            Bytes(path, bytes);
            searched += bytes.Length;
        }

        Assert.That(searched, Is.Positive, $"bytes in {folder}");
        return this;
    }

    private static FileStream? OpenIfThere(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    public CanaryScan Bytes(string source, ReadOnlySpan<byte> bytes)
    {
        var folded = Fold(bytes);
        foreach (var (canary, pattern) in _patterns)
        {
            if (folded.AsSpan().IndexOf(pattern) is >= 0 and var at)
                _hits.Add($"{canary} in {source} at {at}");
        }

        return this;
    }

    /// <exception cref="AssertionException">Lists every place where a canary was found.</exception>
    public void VerifyNone() => Assert.That(_hits, Is.Empty, "canaries found");

    /// <summary>For a test of the scan itself: where the value must be, it has to be found.</summary>
    public void VerifyFound() => Assert.That(_hits, Is.Not.Empty, "canaries not found where they must be");

    private static IEnumerable<(string, byte[])> Spellings(string canary)
    {
        Assert.That(canary, Has.Length.GreaterThanOrEqualTo(LengthMin), "canary");
        var bytes = Encoding.UTF8.GetBytes(canary);
        yield return (canary, Fold(bytes));
        yield return (canary, Fold(Encoding.Unicode.GetBytes(canary)));
        yield return (canary, Fold(Encoding.ASCII.GetBytes(Convert.ToHexString(bytes))));
        // Base64 depends on where the value begins within three bytes; its middle is the same whatever stands around it.
        for (var shift = 0; shift < 3; shift++)
        {
            var text = Convert.ToBase64String([.. new byte[shift], .. bytes])[4..^4];
            yield return (canary, Fold(Encoding.ASCII.GetBytes(text)));
        }
    }

    /// <summary>ASCII letters to lower case, byte by byte, so that it folds pattern and searched bytes alike in every encoding.</summary>
    private static byte[] Fold(ReadOnlySpan<byte> bytes)
    {
        var folded = bytes.ToArray();
        foreach (ref var value in folded.AsSpan())
        {
            if (value is >= (byte)'A' and <= (byte)'Z')
                value += 'a' - 'A';
        }

        return folded;
    }
}

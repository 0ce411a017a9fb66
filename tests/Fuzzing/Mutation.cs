using System.Text;

namespace DataExchange.Fuzzing;

/// <summary>Spoils inputs as a fuzzer without coverage does: the same for the same seed, so that a test finds today what it found yesterday.</summary>
/// <param name="corpus">What is spoiled; at least one input.</param>
internal sealed class Mutation(IReadOnlyList<byte[]> corpus, int seed)
{
    /// <summary>Longer inputs are cut.</summary>
    private const int BytesMax = 1 << 16;

    // Edges of numbers, lengths and texts: where parsers are wrong.
    private static readonly byte[][] Edges =
    [
        [0], [0xFF], [0x7F], [0x80], [0xFF, 0xFF], [0, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0x7F], [0xFF, 0xFF, 0xFF, 0xFF, 0x0F],
        [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
        .. new[] { "\n", "\n\n", "\r\n", " ", "\t", "-", "/", "..", "+", "0", "9", "-1", "00", "9223372036854775808", "\uFEFF", "\u200B", "\u0301", "\uFF11", "\u2028", "\uFFFD", "\u0000", "😀", "{", "[", "&a", "*a", "!!x" }.Select(Encoding.UTF8.GetBytes),
    ];

    private readonly Random _random = new(seed);

    public byte[] Next()
    {
        var bytes = corpus[_random.Next(corpus.Count)].ToList();
        for (var left = 1 << _random.Next(4); left > 0; left--)
            Spoil(bytes);
        return [.. bytes.Take(BytesMax)];
    }

    private void Spoil(List<byte> bytes)
    {
        var at = _random.Next(bytes.Count + 1);
        var length = Math.Min(bytes.Count - at, 1 + _random.Next(1 << _random.Next(8)));
        switch (_random.Next(8))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = (byte)_random.Next(256);
                break;
            case 2 when at < bytes.Count:
                bytes[at] = (byte)(bytes[at] + (_random.Next(2) == 0 ? 1 : -1));
                break;
            case 3:
                bytes.RemoveRange(at, length);
                break;
            case 4:
                bytes.InsertRange(at, bytes.GetRange(at, length));
                break;
            case 5:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 6:
                var other = corpus[_random.Next(corpus.Count)];
                bytes.InsertRange(at, other.Skip(_random.Next(other.Length + 1)).Take(1 + _random.Next(64)));
                break;
            default:
                bytes.InsertRange(at, Edges[_random.Next(Edges.Length)]);
                break;
        }
    }
}

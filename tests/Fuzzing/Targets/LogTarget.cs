using System.Text;
using DataExchange.Transparency;
using DataExchange.Transparency.Notes;
using DataExchange.Transparency.Tiles;

namespace DataExchange.Fuzzing.Targets;

/// <summary>
/// A published log's files. A path that is one is spelled in one way and leads nowhere else; a bundle is cut into entries that make it again; and
/// whatever one file of a whole log is replaced by, the verifier finds it, unless it says the same.
/// </summary>
internal static class LogTarget
{
    private static readonly string[] FilePaths = [.. FuzzLog.Files.Keys];

    public static bool AcceptsPath(byte[] input)
    {
        var path = Encoding.UTF8.GetString(input);
        if (Tile.Parse(path) is not { } tile)
            return false;
        Must.Hold(tile.Path == path, "a path is spelled in one way");
        Must.Hold(path.StartsWith("tile/", StringComparison.Ordinal) && !path.Contains("..", StringComparison.Ordinal) && path.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.'),
            "a path leads nowhere else");
        Must.Hold(tile.Width is >= 1 and <= Tile.FullWidth && tile.Level is null or (>= 0 and <= 63), "a tile is one of a log's");
        return true;
    }

    public static bool AcceptsBundle(byte[] input)
    {
        ReadOnlyMemory<byte> left = input;
        var written = new List<byte>();
        var entries = 0;
        while (EntryBundle.TryRead(ref left, out var entry))
        {
            EntryBundle.Append(written, entry.Span);
            entries++;
        }

        Must.Hold(input.AsSpan().SequenceEqual([.. written, .. left.Span]), "entries make the bundle that they were cut from");
        return entries > 0 && left.IsEmpty;
    }

    /// <summary>Which file, then what it holds.</summary>
    public static bool AcceptsFile(byte[] input)
    {
        if (input.Length == 0)
            return false;
        var (replaced, content) = (FilePaths[input[0] % FilePaths.Length], input[1..]);
        var verification = new LogVerification(FuzzLog.Signer.Key, [FuzzLog.Witness.Key], path => path == replaced ? content : FuzzLog.Files.GetValueOrDefault(path));
        if (verification.Run() is { } finding)
        {
            Must.Hold(finding.What.Length > 0, "a finding says what is wrong");
            Must.Hold(!content.AsSpan().SequenceEqual(FuzzLog.Files[replaced]), "a whole log is whole");
            return false;
        }

        Must.Hold(verification.Checkpoint == FuzzLog.At(FuzzLog.Entries), "what is believed is what the log vouches for");
        // A checkpoint may have further signatures; everything else counts to the byte.
        Must.Hold(content.AsSpan().SequenceEqual(FuzzLog.Files[replaced]) || (replaced == LogVerification.CheckpointFile && SignedNote.Parse(content)?.Text == FuzzLog.At(FuzzLog.Entries)!.Text),
            "what is changed is found");
        return true;
    }

    public static IEnumerable<(string, byte[])> Paths() =>
        new[] { "tile/0/000", "tile/63/x001/x234/067", "tile/entries/x001/000.p/12", "tile/0/x001/../000", "tile/0/001.p/256", "tile/entries/../../checkpoint" }
            .Select((path, at) => ($"path-{at}", Encoding.UTF8.GetBytes(path)));

    public static IEnumerable<(string, byte[])> Bundles() =>
        [("short", FuzzLog.Files["tile/entries/001.p/44"]), ("empty-entry", [0, 0, 0, 1, 7]), ("cut-off", [0, 5, 1, 2])];

    public static IEnumerable<(string, byte[])> Files() =>
        FilePaths.Select((path, at) => (path.Replace('/', '-'), (byte[])[(byte)at, .. FuzzLog.Files[path]]));
}

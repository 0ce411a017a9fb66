using DataExchange.Hosting;

namespace DataExchange.Broker.Catalogue;

/// <summary>Reads a secret that has a file of its own, so that it stands in no argument and no configuration.</summary>
public static class SecretFile
{
    public const int LengthMax = 4_096;

    /// <returns>The file's only line.</returns>
    /// <exception cref="ArgumentException">Absent, unreadable, open to others, longer than <see cref="LengthMax"/>, or not one line. Never quotes it.</exception>
    public static string Read(string path)
    {
        try
        {
            using var file = PrivateFile.Open(path, "secret file");
            var bytes = new byte[LengthMax + 1];
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            var text = System.Text.Encoding.UTF8.GetString(bytes, 0, length).TrimEnd('\r', '\n');
            return length <= LengthMax && text.Length > 0 && !text.Contains('\n', StringComparison.Ordinal)
                ? text
                : throw new ArgumentException($"The secret file must hold one line of at most {LengthMax} bytes.");
        }
        catch (InvalidOperationException open)
        {
            throw new ArgumentException(open.Message, open);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new ArgumentException("The secret file cannot be read.", unreadable);
        }
    }
}

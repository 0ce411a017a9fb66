using System.Security.Cryptography;

namespace DataExchange.Hosting;

/// <summary>A secret key of random bytes in a file of its own, open to its owner only.</summary>
public static class KeyFile
{
    /// <summary>Made and durable on return: nothing made with the key can outlive it.</summary>
    /// <exception cref="IOException">The disk refuses, or the file is there already.</exception>
    public static void Create(string path, int keyBytes) =>
        WholeFile.Write(path, RandomNumberGenerator.GetBytes(keyBytes), WholeFile.OwnerOnly, overwrite: false);

    /// <param name="path">The file.</param>
    /// <param name="name">What the key is called in an error text, as <c>hub key</c>.</param>
    /// <param name="keyBytes">Its length.</param>
    /// <exception cref="InvalidOperationException">The file has another length, or, on Unix, a mode that lets others in.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static byte[] Read(string path, string name, int keyBytes)
    {
        using var file = PrivateFile.Open(path, $"{name} file");
        if (file.Length != keyBytes)
            throw new InvalidOperationException($"The {name} file holds {file.Length} bytes instead of {keyBytes}: restore it from the backup.");
        return ReadFirst(file, keyBytes);
    }

    /// <summary>As <see cref="Read"/>, of any length; at most the first <paramref name="bytesMax"/> bytes.</summary>
    public static byte[] ReadFirst(string path, string name, int bytesMax)
    {
        using var file = PrivateFile.Open(path, $"{name} file");
        return ReadFirst(file, (int)Math.Min(file.Length, bytesMax));
    }

    private static byte[] ReadFirst(FileStream file, int bytes)
    {
        var content = new byte[bytes];
        file.ReadExactly(content);
        return content;
    }
}

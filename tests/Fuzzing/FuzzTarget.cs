namespace DataExchange.Fuzzing;

/// <summary>One parser of bytes from outside and what it promises about any of them.</summary>
/// <param name="Name">Also of the folder of its seeds, tests/data/fuzz/NAME.</param>
/// <param name="Accepts">
/// Reads the bytes and holds the parser to its promises. False where they are refused as the parser says it refuses. Everything it throws is a fault of
/// the parser: a <see cref="BrokenPromiseException"/>, or an exception that nobody has stated.
/// </param>
/// <param name="Seeds">Inputs of real shape, synthetic throughout, by file name.</param>
internal sealed record FuzzTarget(string Name, Func<byte[], bool> Accepts, Func<IEnumerable<(string Name, byte[] Bytes)>> Seeds)
{
    public void Run(Stream input)
    {
        using var bytes = new MemoryStream();
        input.CopyTo(bytes);
        Accepts(bytes.ToArray());
    }
}

internal static class Seeds
{
    public static void Write(FuzzTarget target, string folder)
    {
        Directory.CreateDirectory(Path.Combine(folder, target.Name));
        foreach (var (name, bytes) in target.Seeds())
            File.WriteAllBytes(Path.Combine(folder, target.Name, name), bytes);
    }
}

namespace DataExchange.Cli.Simulation;

/// <summary>Numbers that look random and depend on their arguments alone: the finishing step of SplitMix64 (Steele, Lea, Flood 2014).</summary>
internal static class SeededHash
{
    private const ulong GoldenGamma = 0x9E3779B97F4A7C15;

    public static ulong Of(ulong seed, ulong value)
    {
        var z = seed + ((value + 1) * GoldenGamma);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>0 to below - 1; the bias of at most below / 2^64 does not matter here.</summary>
    public static long Below(ulong hash, long below) => (long)Math.BigMul(hash, (ulong)below, out _);
}

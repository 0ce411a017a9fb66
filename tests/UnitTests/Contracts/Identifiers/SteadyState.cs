namespace DataExchange.UnitTests.Contracts.Identifiers;

internal static class SteadyState
{
    private const int BatchesMax = 1_000;
    private const int RoundsPerBatch = 10_000;

    /// <summary>
    /// True once a batch of rounds allocates less than a byte a round. Code the runtime has not optimised yet boxes inside the
    /// platform's span methods, so the first batches may allocate; an allocation of our own would never end.
    /// </summary>
    public static bool AllocatesNothing(Action round)
    {
        for (var batch = 0; batch < BatchesMax; batch++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < RoundsPerBatch; i++)
                round();
            if (GC.GetAllocatedBytesForCurrentThread() - before < RoundsPerBatch)
                return true;
        }
        return false;
    }
}

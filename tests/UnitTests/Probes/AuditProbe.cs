using DataExchange.Broker.Audit;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;

namespace DataExchange.UnitTests.Probes;

/// <summary>
/// Appends from several callers until the first refusal, then some more; tells on standard output what it was told. Tests kill it, or let
/// its syncs fail.
/// </summary>
internal static class AuditProbe
{
    public const string Acknowledged = "acknowledged ";
    public const string Refused = "refused ";
    private const int Callers = 8;
    private const int AppendsAfterRefusal = 20;

    public static async Task<int> RunAsync(string folder)
    {
        // Small segments, so that the log changes them often.
        using var log = AuditLog.Open(new AuditOptions { Folder = folder, SegmentBytes = 8 << 10 }, NullLogger<AuditLog>.Instance);
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(() => AppendAsync(log, caller))));
        return 0;
    }

    /// <summary>Begins the next log after each few appends; tells the log of each entry too.</summary>
    public static async Task<int> RunRotatingAsync(string folder)
    {
        using var log = AuditLog.Open(new AuditOptions { Folder = folder }, NullLogger<AuditLog>.Instance);
        for (var number = 0; ; number++)
        {
            var outcome = await log.AppendAsync([new Wire.AuditEntry { RequestId = $"{number}" }.ToByteArray()], CancellationToken.None);
            Console.Out.WriteLine($"{Acknowledged}{outcome.Values[0].LogId} {outcome.Values[0].Index} {number}");
            if (number % 5 == 4)
                await log.RotateAsync(size => Task.FromResult<byte[]?>(new Wire.AuditEntry { Predecessor = new Wire.Predecessor { Origin = log.LogId, Size = size } }.ToByteArray()));
        }
    }

    private static async Task AppendAsync(AuditLog log, int caller)
    {
        for (int number = 0, refusals = 0; refusals < AppendsAfterRefusal; number++)
        {
            var requestId = $"{caller}-{number}";
            var outcome = await log.AppendAsync([new Wire.AuditEntry { RequestId = requestId, CaseId = new string('c', 200) }.ToByteArray()], CancellationToken.None);
            if (outcome.Error is not null)
                refusals++;
            Console.Out.WriteLine(outcome.Error is null ? $"{Acknowledged}{outcome.Values[0].Index} {requestId}" : $"{Refused}{outcome.Error.Reason.Name}");
        }
    }
}

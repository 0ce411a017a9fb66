using Microsoft.Extensions.Options;
using RocksDbSharp;

namespace DataExchange.Broker.Index;

/// <summary>Looks for new wrapping keys for as long as the hub runs.</summary>
internal sealed partial class RenewalService(SubjectIndex index, IOptions<IndexOptions> options, TimeProvider time, ILogger<RenewalService> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Not part of the start, which waits for nothing.
        await Task.Yield();
        using var timer = new PeriodicTimer(options.Value.KeyCheckInterval, time);
        do
        {
            try
            {
                await index.Renewal.RunAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is InvalidOperationException or IOException or UnauthorizedAccessException or RocksDbException)
            {
                Log.Failed(logger, e);
            }
        }
        while (await WaitAsync(timer, stoppingToken));
    }

    private static async ValueTask<bool> WaitAsync(PeriodicTimer timer, CancellationToken stoppingToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2422, LogLevel.Error, "A new wrapping key could not be taken up, or records could not be renewed; tried again at the next look.", EventName = "IndexRenewalFailed")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}

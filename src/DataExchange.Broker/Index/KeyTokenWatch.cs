using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Index;

/// <summary>
/// Looks whether the tokens are still there, for health to say so: a hub that serves needs them for new keys only, but could not start again.
/// </summary>
internal sealed partial class KeyTokenWatch(SubjectIndex index, IOptions<IndexOptions> options, TimeProvider time, ILogger<KeyTokenWatch> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (index.Tokens.All.IsEmpty)
            return;
        using var timer = new PeriodicTimer(options.Value.KeyTokenCheckInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                foreach (var token in index.Tokens.All)
                {
                    var wasThere = token.Fault is null;
                    // The module's calls block.
                    await Task.Run(token.Check, stoppingToken);
                    if (wasThere && token.Fault is { } fault)
                        Log.Away(logger, fault);
                    else if (!wasThere && token.Fault is null)
                        Log.Back(logger, token.Name);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Nothing is left to be told.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2424, LogLevel.Warning, "A key token is not to be had. The hub serves on, but takes up no new keys and would not start again. {Fault}", EventName = "KeyTokenAway")]
        public static partial void Away(ILogger logger, string fault);

        [LoggerMessage(2425, LogLevel.Information, "{Token} is back.", EventName = "KeyTokenBack")]
        public static partial void Back(ILogger logger, string token);
    }
}

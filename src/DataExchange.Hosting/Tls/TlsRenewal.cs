using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DataExchange.Hosting;

/// <summary>Looks whether the files of the own certificate were replaced. What cannot serve in its place is refused, and the former goes on.</summary>
internal sealed partial class TlsRenewal(TlsCredentials credentials, IOptions<TlsOptions> options, TimeProvider time, ILogger<TlsRenewal> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.RenewalInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                Look();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The certificate of now is good enough for the rest.
        }
    }

    private void Look()
    {
        var before = credentials.Fault;
        if (credentials.TryRenew(time.GetUtcNow()))
            Log.Renewed(logger, credentials.Identity.KeyId, credentials.Certificate.NotAfter.ToUniversalTime());
        else if (credentials.Fault is { } fault && fault != before)
            Log.Refused(logger, fault);
    }

    private static partial class Log
    {
        [LoggerMessage(104, LogLevel.Information, "New connections are made with the new certificate: key {KeyId}, valid until {End:u}", EventName = "CertificateRenewed")]
        public static partial void Renewed(ILogger logger, string keyId, DateTime end);

        [LoggerMessage(105, LogLevel.Warning, "The certificate files were replaced by what cannot be used; the former certificate goes on. {Fault}", EventName = "CertificateNotRenewed")]
        public static partial void Refused(ILogger logger, string fault);
    }
}

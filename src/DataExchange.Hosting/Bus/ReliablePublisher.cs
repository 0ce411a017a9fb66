using System.Diagnostics.Metrics;
using DataExchange.Contracts;
using MassTransit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DataExchange.Hosting;

public enum PublishOutcome
{
    /// <summary>In a queue, durably. The only outcome after which a checkpoint may move.</summary>
    Confirmed,

    /// <summary>No queue takes batches: no hub has ever connected to this server.</summary>
    NoQueue,

    /// <summary>Refused or failed. May have landed all the same: publish again, byte for byte.</summary>
    Failed,

    /// <summary>Neither confirmed nor refused in time. Has often landed all the same: publish again, byte for byte.</summary>
    TimedOut,
}

/// <summary>
/// Publishes batches so that nothing is lost unnoticed: mandatory, confirmed, each with a deadline of its own, since the client library
/// can wait for ever after a server's restart. A publish without an answer costs the connection. Thread safe; many may be under way at once.
/// </summary>
public sealed partial class ReliablePublisher
{
    private static readonly IPipe<PublishContext<ChangeBatchMessage>> Mandatory =
        Pipe.Execute<PublishContext<ChangeBatchMessage>>(context => context.Mandatory = true);

    private static readonly Counter<long> Published =
        ExchangeDiagnostics.Meter.CreateCounter<long>("dataexchange.bus.published", "{batch}", "Batches published, by outcome.");

    private readonly IBus _bus;
    private readonly BusConnection _connection;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _clock;
    private readonly ILogger<ReliablePublisher> _logger;
    private PublishOutcome _last = PublishOutcome.Confirmed;
    private int _dropping;

    internal ReliablePublisher(
        IBus bus, BusConnection connection, IOptions<BusOptions> options, TimeProvider clock, ILogger<ReliablePublisher> logger)
    {
        _bus = bus;
        _connection = connection;
        _timeout = options.Value.PublishTimeout;
        _clock = clock;
        _logger = logger;
    }

    /// <summary>Answers within <see cref="BusOptions.PublishTimeout"/>. Does not retry.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/>; the batch may have landed.</exception>
    public async Task<PublishOutcome> PublishAsync(ChangeBatchMessage message, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(_timeout, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var outcome = PublishOutcome.Confirmed;
        var failure = "";
        try
        {
            // The wait is for a publish that does not hear its token.
            await _bus.Publish(message, Mandatory, either.Token).WaitAsync(either.Token);
        }
        catch (MessageReturnedException)
        {
            outcome = PublishOutcome.NoQueue;
        }
        catch (Exception exception) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            (outcome, failure) = (PublishOutcome.TimedOut, exception.GetType().Name);
            _ = DropConnectionAsync();
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Transport, client and supervisor throw more kinds than can be listed; all mean "not confirmed".
            (outcome, failure) = (PublishOutcome.Failed, exception.GetType().Name);
        }
        Published.Add(1, new KeyValuePair<string, object?>("outcome", outcome.ToString()));
        Note(outcome, failure);
        return outcome;
    }

    /// <summary>One drop at a time: with many publishes under way, all of them time out together.</summary>
    private async Task DropConnectionAsync()
    {
        if (Interlocked.Exchange(ref _dropping, 1) == 1)
            return;
        try
        {
            Log.ConnectionDropped(_logger, _timeout.TotalSeconds);
            using var limit = new CancellationTokenSource(_timeout, _clock);
            await _connection.DropAsync(limit.Token);
        }
        catch (Exception exception)
        {
            Log.DropFailed(_logger, exception.GetType().Name);
        }
        finally
        {
            Volatile.Write(ref _dropping, 0);
        }
    }

    /// <summary>Logs changes of outcome, not every failure: a server that is away for an hour is one line.</summary>
    private void Note(PublishOutcome outcome, string failure)
    {
        var before = _last;
        _last = outcome;
        if (outcome == before)
            return;
        if (outcome == PublishOutcome.Confirmed)
            Log.Recovered(_logger, before);
        else
            Log.NotConfirmed(_logger, outcome, failure);
    }

    private static partial class Log
    {
        [LoggerMessage(200, LogLevel.Warning, "Publishing fails: {Outcome} {Failure}", EventName = "PublishNotConfirmed")]
        public static partial void NotConfirmed(ILogger logger, PublishOutcome outcome, string failure);

        [LoggerMessage(201, LogLevel.Information, "Publishing works again after {Outcome}", EventName = "PublishRecovered")]
        public static partial void Recovered(ILogger logger, PublishOutcome outcome);

        [LoggerMessage(202, LogLevel.Warning, "A publish was not confirmed within {Seconds} s: dropping the connection", EventName = "ConnectionDropped")]
        public static partial void ConnectionDropped(ILogger logger, double seconds);

        [LoggerMessage(203, LogLevel.Warning, "The connection could not be dropped: {Failure}", EventName = "ConnectionDropFailed")]
        public static partial void DropFailed(ILogger logger, string failure);
    }
}

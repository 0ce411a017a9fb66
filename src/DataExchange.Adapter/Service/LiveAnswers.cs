using System.Collections.Frozen;
using DataExchange.Contracts;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DataExchange.Adapter;

/// <summary>Answers the hub's questions about located attributes from the department's live source. One bad item never fails another.</summary>
internal sealed partial class LiveAnswers(
    LocatorKey key, ILiveSource source, IOptions<DepartmentAdapterOptions> options, TimeProvider clock, ILogger<LiveAnswers> logger)
{
    // What is left of the stated time is for reading the question and writing the answer.
    private readonly TimeSpan _timeMax = options.Value.AnswerTimeMax * 0.9;
    private readonly FrozenSet<string> _located = options.Value.LocatedAttributes.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>One result for each item, in order.</summary>
    public async Task<Wire.FetchResult[]> ToAsync(IReadOnlyList<Wire.FetchItem> items, LiveFetchContext why, CancellationToken cancellationToken)
    {
        var results = new Wire.FetchResult[items.Count];
        var asked = new List<LiveItem>(items.Count);
        var places = new List<int>(items.Count);
        for (var i = 0; i < items.Count; i++)
        {
            if (TryRead(items[i], out var item))
            {
                asked.Add(item);
                places.Add(i);
            }
            else
            {
                results[i] = LiveValue.Unavailable(ErrorReasons.ProviderFailed).Result;
            }
        }

        if (asked.Count > 0)
        {
            var values = await FetchAsync(asked, why, cancellationToken);
            for (var i = 0; i < places.Count; i++)
                results[places[i]] = values[i].Result;
        }
        return results;
    }

    /// <summary>False for a locator that this department has not made, and for an attribute that it does not answer live.</summary>
    private bool TryRead(Wire.FetchItem item, out LiveItem read)
    {
        var subject = default(Identifier);
        var known = item.Subject?.RefCase switch
        {
            Wire.SubjectRef.RefOneofCase.Locator => key.TryOpen(item.Subject.Locator.Span, out subject),
            Wire.SubjectRef.RefOneofCase.Identifier => TryRead(item.Subject.Identifier, out subject),
            _ => false,
        };
        read = new LiveItem(subject, item.Attribute);
        return known && _located.Contains(item.Attribute);
    }

    private static bool TryRead(Wire.Identifier wire, out Identifier identifier)
    {
        identifier = new Identifier(wire.Scheme, wire.Value);
        return CodeName.IsValid(wire.Scheme) && wire.Value.Length is > 0 and <= Identifier.ValueBytesMax;
    }

    private async Task<IReadOnlyList<LiveValue>> FetchAsync(List<LiveItem> asked, LiveFetchContext why, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(_timeMax, clock);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            // Left behind where it does not heed the token, or blocks its thread.
            var values = await Task.Run(() => source.FetchAsync(asked, why, ended.Token).AsTask(), ended.Token).WaitAsync(ended.Token);
            if (values.Count == asked.Count)
                return values;
            Log.WrongCount(logger, asked.Count, values.Count);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            Log.LiveSourceTooSlow(logger, _timeMax);
            return [.. asked.Select(_ => LiveValue.Unavailable(ErrorReasons.ProviderTooSlow))];
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.LiveSourceFailed(logger, exception.GetType().FullName!);
        }
        return [.. asked.Select(_ => LiveValue.Unavailable(ErrorReasons.ProviderFailed))];
    }

    private static partial class Log
    {
        [LoggerMessage(1200, LogLevel.Error, "The live source answered {Given} of {Asked} items", EventName = "LiveAnswersMiscounted")]
        public static partial void WrongCount(ILogger logger, int asked, int given);

        [LoggerMessage(1201, LogLevel.Error, "The live source failed with {Exception}", EventName = "LiveSourceFailed")]
        public static partial void LiveSourceFailed(ILogger logger, string exception);

        [LoggerMessage(1202, LogLevel.Warning, "The live source did not answer within {TimeMax}", EventName = "LiveSourceTooSlow")]
        public static partial void LiveSourceTooSlow(ILogger logger, TimeSpan timeMax);
    }
}

/// <summary>For a department that holds no attribute back: nothing is ever asked of it.</summary>
internal sealed class NoLiveSource : ILiveSource
{
    public ValueTask<IReadOnlyList<LiveValue>> FetchAsync(IReadOnlyList<LiveItem> items, LiveFetchContext why, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<LiveValue>>([.. items.Select(_ => LiveValue.Unavailable(ErrorReasons.ProviderFailed))]);
}

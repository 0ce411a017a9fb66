using DataExchange.Contracts;
using Google.Protobuf;
using Grpc.Core;

namespace DataExchange.Cli.Conformance.Checks;

/// <summary>Values of located attributes, asked for by the locators of the stream.</summary>
internal sealed class FetchCheck(AdapterView adapter)
{
    private readonly Verdicts _verdicts = adapter.Verdicts;
    private readonly AdapterCalls _calls = adapter.Calls;

    public async Task RunAsync(CancellationToken stop)
    {
        await CountAsync(0, stop);
        await CountAsync(WireLimits.FetchItemsMax + 1, stop);
        if (adapter.Stream.Located.ToList() is not { Count: > 0 } located)
        {
            SkipAll();
            return;
        }

        await AskAsync(located, stop);
        await AskRevokedAsync(located, stop);
    }

    private async Task CountAsync(int items, CancellationToken stop)
    {
        var item = AdapterView.Item(adapter.Attributes.Keys.FirstOrDefault() ?? "none", Garbled());
        var answer = await _calls.FetchAsync(AdapterView.Fetch(adapter.Config.Question, Enumerable.Repeat(item, items)), stop);
        _verdicts.Judge(ConformanceRules.ItemCount, answer.Status == StatusCode.InvalidArgument, answer.Told, $"{items} items");
    }

    /// <summary>One item that nobody can read stands before the good ones: so it is seen whether each answer stands in its place.</summary>
    private async Task AskAsync(List<(string Attribute, ByteString Locator)> located, CancellationToken stop)
    {
        var asked = located.Take(WireLimits.FetchItemsMax - 1).ToList();
        var items = asked.Select(item => AdapterView.Item(item.Attribute, item.Locator)).Prepend(AdapterView.Item(asked[0].Attribute, Garbled()));
        var results = _calls.Expect("Fetch", await _calls.FetchAsync(AdapterView.Fetch(adapter.Config.Question, items), stop)).Results;
        if (results.Count != asked.Count + 1)
        {
            _verdicts.Break(ConformanceRules.EachItem, $"{asked.Count + 1} items were asked for, {results.Count} answered");
            throw new CheckEndedException();
        }

        JudgePlaces(results);
        foreach (var result in results)
            JudgeReason(result);
        foreach (var attribute in asked.Zip(results.Skip(1)).GroupBy(pair => pair.First.Attribute))
            JudgeResults(attribute.Key, [.. attribute.Select(pair => pair.Second)]);
    }

    /// <summary>Where everything is unavailable, nothing tells one item from the other.</summary>
    private void JudgePlaces(Google.Protobuf.Collections.RepeatedField<Wire.FetchResult> results)
    {
        if (results.All(result => result.ResultCase == Wire.FetchResult.ResultOneofCase.Unavailable))
        {
            foreach (var rule in new[] { ConformanceRules.EachItem, ConformanceRules.BadItem })
                _verdicts.Skip(rule, "every item is unavailable", "State in question who asks and why, as the department grants it.");
            return;
        }

        var elsewhere = results.Skip(1).ToList().FindIndex(result => result.ResultCase == Wire.FetchResult.ResultOneofCase.Unavailable);
        var inPlace = results[0].ResultCase == Wire.FetchResult.ResultOneofCase.Unavailable || elsewhere < 0;
        _verdicts.Judge(ConformanceRules.EachItem, inPlace, $"what cannot be read was the first item, and is answered as item {elsewhere + 2}");
        if (!inPlace)
            throw new CheckEndedException();
        _verdicts.Judge(ConformanceRules.BadItem, results[0].ResultCase == Wire.FetchResult.ResultOneofCase.Unavailable, $"it is answered {results[0].ResultCase}");
    }

    private void JudgeReason(Wire.FetchResult result)
    {
        if (result.ResultCase == Wire.FetchResult.ResultOneofCase.Unavailable)
            _verdicts.Judge(ConformanceRules.KnownReason, ErrorReasons.All.Any(reason => reason.Name == result.Unavailable), "a reason that the table does not have");
        else if (result.ResultCase == Wire.FetchResult.ResultOneofCase.None)
            _verdicts.Break(ConformanceRules.EachItem, "a result says neither found, absent nor unavailable");
    }

    private void JudgeResults(string attribute, List<Wire.FetchResult> results)
    {
        var found = results.Where(result => result.ResultCase == Wire.FetchResult.ResultOneofCase.Found).Select(result => result.Found).ToList();
        foreach (var value in found)
        {
            adapter.JudgeValue(attribute, value.Value);
            var proper = value.AsOf is { } moment && ValueRules.IsTimestamp(moment);
            _verdicts.Judge(ConformanceRules.Moment, proper, "as_of is absent, or no moment of the years 1 to 9999", attribute);
            if (proper)
                _verdicts.Judge(ConformanceRules.Moment, value.AsOf.ToDateTimeOffset() <= TimeProvider.System.GetUtcNow() + adapter.Config.Limits.Clock, "as_of lies in the future", attribute);
        }

        var refused = results.FirstOrDefault(result => result.ResultCase == Wire.FetchResult.ResultOneofCase.Unavailable && result.Unavailable != ErrorReasons.ProviderFailed.Name);
        if (found.Count == 0 && refused is not null)
            _verdicts.Skip(ConformanceRules.PublishedIsFound, "the adapter answers none of it to the question of the file", "State in question who asks and why, as the department grants it.", attribute);
        else
            _verdicts.Judge(ConformanceRules.PublishedIsFound, found.Count > 0, $"none of {results.Count} published facts was found", attribute);
    }

    private async Task AskRevokedAsync(List<(string Attribute, ByteString Locator)> located, CancellationToken stop)
    {
        if (adapter.Config.Revoked is not { } revoked)
        {
            _verdicts.Skip(ConformanceRules.RevokedGrant, "the file names no revoked grant", "Name in revoked a question that the department does not answer any more; without one the hub alone decides.");
            return;
        }

        var items = located.Take(WireLimits.FetchItemsMax).Select(item => AdapterView.Item(item.Attribute, item.Locator));
        var answer = await _calls.FetchAsync(AdapterView.Fetch(revoked, items), stop);
        if (answer.Status is not (StatusCode.OK or StatusCode.PermissionDenied))
        {
            _verdicts.Skip(ConformanceRules.RevokedGrant, answer.Told, "Answer NOT_GRANTED for each item, or refuse with PERMISSION_DENIED.");
            return;
        }

        var given = answer.Value?.Results.Count(result => result.ResultCase == Wire.FetchResult.ResultOneofCase.Found) ?? 0;
        _verdicts.Judge(ConformanceRules.RevokedGrant, given == 0, $"{given} values were given");
    }

    private void SkipAll()
    {
        var (why, way) = adapter.HasLocated
            ? ("no located fact is in what the adapter keeps of its stream", "Load its source, and have it keep batches that its hub has applied (OutboxTailBatches), or let the kit be its hub (listen).")
            : ("the catalogue gives the department no located attribute", "Nothing is to be done, unless one is declared.");
        foreach (var rule in new[] { ConformanceRules.EachItem, ConformanceRules.BadItem, ConformanceRules.PublishedIsFound, ConformanceRules.Moment, ConformanceRules.KnownReason, ConformanceRules.RevokedGrant, ConformanceRules.LocatorsKept })
            _verdicts.Skip(rule, why, way);
    }

    /// <summary>A locator that no adapter has made.</summary>
    private static ByteString Garbled() => ByteString.CopyFrom([.. Enumerable.Repeat((byte)0xA5, 40)]);
}

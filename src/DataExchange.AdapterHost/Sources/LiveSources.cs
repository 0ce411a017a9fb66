using DataExchange.Adapter;
using DataExchange.AdapterHost.Mapping;

namespace DataExchange.AdapterHost.Sources;

/// <summary>Asks of each source what is located in it.</summary>
internal sealed class LiveSources(IReadOnlyList<(SourceMapping Mapping, ILiveSource Live)> sources) : ILiveSource
{
    private readonly Dictionary<string, ILiveSource> _byAttribute = sources
        .SelectMany(source => source.Mapping.Attributes.Where(attribute => attribute.Located).Select(attribute => (attribute.Name, source.Live)))
        .ToDictionary(attribute => attribute.Name, attribute => attribute.Live);

    public async ValueTask<IReadOnlyList<LiveValue>> FetchAsync(IReadOnlyList<LiveItem> items, LiveFetchContext why, CancellationToken cancellationToken)
    {
        var values = new LiveValue[items.Count];
        foreach (var asked in items.Select((item, i) => (item, i)).GroupBy(asked => _byAttribute[asked.item.Attribute]))
        {
            var found = await asked.Key.FetchAsync([.. asked.Select(item => item.item)], why, cancellationToken);
            foreach (var (value, (_, i)) in found.Zip(asked))
                values[i] = value;
        }

        return values;
    }
}

using DataExchange.Contracts;

namespace DataExchange.Adapter;

/// <summary>Answers questions about located attributes from the department's own store, now.</summary>
/// <remarks>
/// The implementation
/// MUST answer every item, in order;
/// MUST be safe for concurrent calls;
/// MUST heed the token: the hub's deadline is behind it;
/// MAY refuse an item by its context with <see cref="LiveValue.Unavailable"/>;
/// MAY throw: every item is then answered PROVIDER_FAILED.
/// </remarks>
public interface ILiveSource
{
    /// <param name="items">1 to 256. Subjects are as the department published them.</param>
    ValueTask<IReadOnlyList<LiveValue>> FetchAsync(IReadOnlyList<LiveItem> items, LiveFetchContext why, CancellationToken cancellationToken);
}

/// <param name="Attribute">Name of a located attribute of this department.</param>
public readonly record struct LiveItem(Identifier Subject, string Attribute);

/// <summary>Who asks and why, as the hub recorded it.</summary>
/// <param name="Consumer">Department id of the asker.</param>
/// <param name="Purpose">Code of the catalogue.</param>
/// <param name="LegalBasis">What law allows it.</param>
/// <param name="CaseId">The asker's business case.</param>
/// <param name="RequestId">Finds the question in the hub's audit log.</param>
public sealed record LiveFetchContext(string Consumer, string Purpose, string LegalBasis, string CaseId, string RequestId);

/// <summary>What a live source says about one item: found, absent or unavailable.</summary>
public sealed class LiveValue
{
    private LiveValue(Wire.FetchResult result) => Result = result;

    /// <summary>The provider states nothing about the subject (any more).</summary>
    public static LiveValue Absent { get; } = new(new Wire.FetchResult { Absent = true });

    internal Wire.FetchResult Result { get; }

    /// <param name="asOf">Since when it holds at the source.</param>
    public static LiveValue Found(Wire.Value value, DateTimeOffset asOf) =>
        new(new Wire.FetchResult { Found = new Wire.FetchedValue { Value = value, AsOf = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(asOf) } });

    /// <param name="reason">A row of <see cref="ErrorReasons"/>; the asker is told its name.</param>
    public static LiveValue Unavailable(ErrorReason reason) => new(new Wire.FetchResult { Unavailable = reason.Name });
}

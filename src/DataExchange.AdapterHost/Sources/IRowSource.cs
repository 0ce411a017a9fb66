namespace DataExchange.AdapterHost.Sources;

/// <summary>The rows of one source as they are now.</summary>
/// <remarks>
/// The implementation
/// MUST give the same version exactly while its rows are the same, as far as it can tell without reading them, and null where it cannot tell;
/// MUST give every row of a whole reading once, in any order, and end only after the last: a missing row is taken for one that was removed;
/// MUST throw where its rows became others while they were read;
/// MUST throw <see cref="SourceStoppedException"/> where it cannot do so, with a reason that names no value.
/// MAY take what it gave for stored once it is asked for its version again, unless all rows are wanted then.
/// It is read by one reader at a time.
/// </remarks>
internal interface IRowSource
{
    /// <param name="whole">Whoever asks wants all rows, whether they changed or not.</param>
    ValueTask<RowVersion> VersionAsync(bool whole, CancellationToken cancellationToken);

    /// <param name="version">What was told just before.</param>
    /// <param name="columns">What cells to give, in this order.</param>
    IAsyncEnumerable<SourceRow> ReadAsync(RowVersion version, IReadOnlyList<string> columns, CancellationToken cancellationToken);
}

/// <param name="Text">Equal texts: equal rows. Null: nobody can tell.</param>
/// <param name="WrittenAt">When the rows were last written: since then they hold, unless they say something else.</param>
/// <param name="IsPartial">Only rows that are new or may have changed; what is missing says nothing.</param>
internal readonly record struct RowVersion(string? Text, DateTimeOffset WrittenAt, bool IsPartial = false);

/// <param name="Place">Number of the row or line, from 1, in <paramref name="File"/>.</param>
/// <param name="File">Null where the source is one.</param>
/// <param name="Cells">Without white space at the ends; null or empty for nothing. Overwritten with the next row.</param>
/// <param name="Broken">Why the row cannot be read; null where it can.</param>
/// <param name="IsGone">There is no such row any more: of the cells only the subject is there.</param>
internal readonly record struct SourceRow(long Place, string? File, string?[] Cells, string? Broken = null, bool IsGone = false)
{
    /// <summary>A cell that is there and cannot be read as text: a nested object, or bytes that are no text in the file's encoding.</summary>
    public const string Unreadable = "\uFFFF";
}

/// <summary>The source is not read on until somebody or time mends it.</summary>
/// <param name="reason">For operators; names files and columns, never a value.</param>
internal sealed class SourceStoppedException(string reason) : Exception(reason);

using System.Globalization;
using System.Runtime.CompilerServices;
using DataExchange.Adapter;
using DataExchange.AdapterHost.Memory;

namespace DataExchange.AdapterHost.Sources;

/// <summary>
/// All sources of the file as one list of changes. The checkpoint is the number of the last block that was given to its end; a block that the
/// outbox has in part or not at all is stated anew.
/// </summary>
internal sealed class ConfiguredSource(PublishedMemory memory, IReadOnlyList<SourceReader> readers) : IChangeSource
{
    public async IAsyncEnumerable<SourceChange> ReadAsync(string? checkpoint, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        memory.Settle(checkpoint is null ? 0 : long.Parse(checkpoint, CultureInfo.InvariantCulture));
        foreach (var reader in readers)
        {
            await reader.BeginAsync(cancellationToken);
            var next = reader.NextAsync(cancellationToken);
            try
            {
                while (await next is { } block)
                {
                    // The next block is made while whoever reads this one packs and stores it.
                    next = reader.NextAsync(cancellationToken);
                    for (var i = 0; i < block.Changes.Count; i++)
                        yield return new SourceChange(block.Changes[i], Text(i == block.Changes.Count - 1 ? block.Number : block.Number - 1));
                }
            }
            finally
            {
                await next;
            }

            await reader.EndAsync();
        }

        // Also a source that waits for its operator: what the department says is not current.
        if (readers.FirstOrDefault(reader => reader.Status.Problem is not null) is { Status: { } stopped })
            throw new SourceStoppedException($"Source {stopped.Name}: {stopped.Problem}");
    }

    private static string Text(long block) => block.ToString(CultureInfo.InvariantCulture);
}

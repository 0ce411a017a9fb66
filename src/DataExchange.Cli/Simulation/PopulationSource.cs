using System.Globalization;
using System.Runtime.CompilerServices;
using DataExchange.Adapter;

namespace DataExchange.Cli.Simulation;

/// <summary>One department of a population as a change source; the checkpoint is <c>seed:changes taken</c>.</summary>
internal sealed class PopulationSource(Population population, SimulatedDepartment department) : IChangeSource
{
    /// <exception cref="InvalidOperationException">The checkpoint is of another population; its stream cannot be gone on with.</exception>
    public async IAsyncEnumerable<SourceChange> ReadAsync(string? checkpoint, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        var taken = Taken(checkpoint);
        foreach (var change in population.ChangesOf(department, taken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            taken++;
            yield return new SourceChange(change, string.Create(CultureInfo.InvariantCulture, $"{population.Seed}:{taken}"));
        }
    }

    private long Taken(string? checkpoint)
    {
        if (checkpoint is null)
            return 0;
        if (checkpoint.Split(':') is [var seed, var taken] && seed == population.Seed.ToString(CultureInfo.InvariantCulture)
            && long.TryParse(taken, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            return count;
        throw new InvalidOperationException("The checkpoint was made by a population with another seed.");
    }
}

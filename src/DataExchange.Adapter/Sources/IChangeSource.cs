namespace DataExchange.Adapter;

/// <summary>
/// A department's own store, read as an ordered list of changes that never ends and never changes behind the reader.
/// </summary>
/// <remarks>
/// The implementation
/// MUST give the changes in one fixed order, and after a checkpoint exactly those that follow it;
/// MUST give canonical identifiers, and for a located attribute neither value nor locator (the library seals the locator);
/// MUST end the enumeration when there is nothing more for now: it is asked again after <see cref="DepartmentAdapterOptions.SourcePollInterval"/>,
/// and the age of all that the department publishes counts from the last reading that came to its end;
/// MAY wait a little for further changes before it ends; MUST heed the token meanwhile;
/// MAY throw: it is asked again, from the last stored checkpoint, after a growing pause.
/// It is never read by two readers at once. A change that was given counts as published only when its checkpoint comes back.
/// </remarks>
public interface IChangeSource
{
    /// <param name="checkpoint">Of the last change that is stored, or null to begin at the beginning.</param>
    IAsyncEnumerable<SourceChange> ReadAsync(string? checkpoint, CancellationToken cancellationToken);
}

/// <summary>One change and the place right behind it.</summary>
/// <param name="Change">MUST NOT be touched after it was given.</param>
/// <param name="Checkpoint">The source's own words for "everything up to and with this change"; at most 4,096 characters.</param>
public readonly record struct SourceChange(Wire.Change Change, string Checkpoint)
{
    public const int CheckpointLengthMax = 4_096;
}

using DataExchange.AdapterHost.Mapping;
using DataExchange.AdapterHost.Memory;
using DataExchange.AdapterHost.Sql;

namespace DataExchange.AdapterHost.Sources;

/// <summary>Reads one source whenever it is another one than at the last complete reading. A failure is kept as its problem and ends the reading.</summary>
/// <param name="stateFolder">Where an operator's acceptance is left.</param>
internal sealed partial class SourceReader(SourceMapping mapping, IRowSource rows, SourceMemory memory, string stateFolder, ILogger logger) : IAsyncDisposable
{
    private SourcePass? _pass;
    private string? _version;
    private (string? Version, string Problem)? _stopped;
    private bool _rowsEnded;

    public SourceStatus Status { get; } = new(mapping.Name);

    private string AcceptancePath => AcceptancePathOf(stateFolder, mapping.Name);

    private string QuestionPath => QuestionPathOf(stateFolder, mapping.Name);

    /// <summary>The file by which an operator says that what is gone is to be withdrawn, once.</summary>
    public static string AcceptancePathOf(string stateFolder, string source) => Path.Combine(stateFolder, $"accept-{source}");

    /// <summary>The file that is there while an operator is asked.</summary>
    public static string QuestionPathOf(string stateFolder, string source) => Path.Combine(stateFolder, $"asks-{source}");

    /// <summary>Begins a reading where there is something to read.</summary>
    public Task BeginAsync(CancellationToken cancellationToken) => GuardAsync(async () =>
    {
        // A reading that was broken off from outside.
        await EndAsync();
        memory.Rollback();
        var isAccepted = File.Exists(AcceptancePath);
        // Nobody knows what is stored after a failure in between; but a source that waits for its operator is not read over and over.
        var version = await rows.VersionAsync(isAccepted || (_stopped is null && memory.Reading is null), cancellationToken);
        Status.LagBytes = (rows as CapturedRows)?.LagBytes;
        if (!version.IsPartial)
        {
            _version = version.Text is null ? null : $"{version.Text} {mapping.Fingerprint}";
            if (_version is not null && _version == memory.Reading)
            {
                (Status.Problem, _stopped) = (null, null);
                ForgetQuestion();
                return;
            }

            if (_version is not null && _version == _stopped?.Version && !isAccepted)
                return;
        }

        (_pass, _rowsEnded) = (new SourcePass(rows, mapping, memory, version, cancellationToken), false);
    });

    /// <summary>The next block, which is saved; null at the end, which a problem brings too.</summary>
    public async Task<SourceBlock?> NextAsync(CancellationToken cancellationToken)
    {
        SourceBlock? block = null;
        await GuardAsync(async () =>
        {
            if (_pass is { } pass && await FillAsync(pass, cancellationToken))
                block = new SourceBlock(memory.CommitBlock(), pass.Block);
        });
        return block;
    }

    /// <summary>Ends the reading; where it came to its end it is not repeated until the source is another one.</summary>
    public async Task EndAsync()
    {
        if (_pass is not { } pass)
            return;
        _pass = null;
        await pass.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        memory.Dispose();
        (rows as IDisposable)?.Dispose();
        if (rows is IAsyncDisposable captured)
            await captured.DisposeAsync();
    }

    private async Task<bool> FillAsync(SourcePass pass, CancellationToken cancellationToken)
    {
        if (!_rowsEnded)
        {
            if (await pass.NextAsync(cancellationToken))
                return true;
            memory.Commit();
            _rowsEnded = true;
            StopIfInDoubt(pass);
        }

        if (await pass.NextGoneAsync(cancellationToken))
            return true;
        memory.Commit();
        Complete(pass);
        return false;
    }

    private void StopIfInDoubt(SourcePass pass)
    {
        var doubt = pass.Doubt();
        if (pass.IsPartial)
        {
            if (doubt is null)
                return;
            // Only a reading of all rows asks, and it is the next one where none has asked already.
            if (_stopped is null)
                memory.Reading = null;
            throw new SourceStoppedException(_stopped?.Problem ?? $"{doubt}: nothing is withdrawn until all rows are compared");
        }

        _stopped = null;
        if (doubt is null || File.Exists(AcceptancePath))
            return;
        File.WriteAllBytes(QuestionPath, []);
        var problem = $"{doubt}: nothing is withdrawn. Where that is right: dx-adapter accept --config FILE --source {mapping.Name}; where not, mend the source";
        _stopped = (_version, problem);
        throw new SourceStoppedException(problem);
    }

    private void Complete(SourcePass pass)
    {
        if (!pass.IsPartial)
        {
            ForgetQuestion();
            memory.Reading = _version;
        }

        Status.End(pass.Figures, memory.Subjects, pass.IsPartial);
        Status.Problem = _stopped?.Problem;
        var figures = pass.Figures;
        // Polls come every few seconds, and their overlap brings the same rows again.
        if (pass.IsPartial && figures.Changes == 0)
            return;
        Log.Read(logger, mapping.Name, figures.Rows, figures.Changes, figures.Withdrawn);
        if (figures.Named.Count > 0)
            Log.Refused(logger, mapping.Name, figures.RowsRefused, figures.CellsRefused, figures.Named[0].ToString());
    }

    /// <summary>What was accepted once is not left lying for the next time.</summary>
    private void ForgetQuestion()
    {
        File.Delete(AcceptancePath);
        File.Delete(QuestionPath);
    }

    private async Task GuardAsync(Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            var problem = exception is SourceStoppedException stopped ? stopped.Message : $"reading failed: {exception.GetType().Name}";
            if (problem != Status.Problem)
                Log.Problem(logger, mapping.Name, problem);
            Status.Problem = problem;
            memory.Rollback();
            await EndAsync();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1310, LogLevel.Information, "Source {Source}: {Rows} rows read, {Changes} changes, {Withdrawn} subjects gone", EventName = "SourceRead")]
        public static partial void Read(ILogger logger, string source, long rows, long changes, long withdrawn);

        [LoggerMessage(1311, LogLevel.Warning, "Source {Source}: {Rows} rows and {Cells} cells refused; the first: {First}", EventName = "SourceRowsRefused")]
        public static partial void Refused(ILogger logger, string source, long rows, long cells, string first);

        [LoggerMessage(1312, LogLevel.Warning, "Source {Source} is not read on: {Problem}", EventName = "SourceProblem")]
        public static partial void Problem(ILogger logger, string source, string problem);
    }
}

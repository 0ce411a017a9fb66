using System.CommandLine;
using System.Text.Json;
using DataExchange.Transparency;
using DataExchange.Transparency.Notes;
using Spectre.Console;

namespace DataExchange.Cli.Audit;

/// <summary><c>dx audit verify</c>: holds an audit log's files to the keys given. Asks no hub and believes none.</summary>
internal static class AuditCommand
{
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Command Create()
    {
        var folder = new Argument<DirectoryInfo>("folder") { Description = "The log's static files: the folder that holds 'checkpoint' and 'tile', or a copy of it" };
        var key = new Option<string>("--key") { Description = "Verifier key of the log, or of another one of its hub (name+id+base64); have it from its operator, not from the log", Required = true };
        var witnesses = new Option<string[]>("--witness") { Description = "Verifier key of a witness that must have cosigned, repeatable", DefaultValueFactory = _ => [] };
        var seen = new Option<FileInfo[]>("--seen") { Description = "A checkpoint that somebody kept: the log must hold what it vouches for, repeatable", DefaultValueFactory = _ => [] };
        var previous = new Option<DirectoryInfo?>("--previous") { Description = "Files of the log before this one: it must have ended as this one says" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object" };
        var command = new Command("verify", "Verify every byte of an audit log; names the first bad entry, exit code 1 if there is one") { folder, key, witnesses, seen, previous, json };
        command.SetAction((parsed, cancellationToken) => Task.Run(
            () =>
            {
                var report = Verify(
                    parsed.GetRequiredValue(folder),
                    parsed.GetValue(previous),
                    ReadKey(parsed.GetRequiredValue(key), NoteKeyType.Ed25519, "--key"),
                    [.. parsed.GetRequiredValue(witnesses).Select(text => ReadKey(text, NoteKeyType.Cosignature, "--witness"))],
                    parsed.GetRequiredValue(seen),
                    parsed.GetValue(json) || Console.IsOutputRedirected ? null : AnsiConsole.Console,
                    cancellationToken);
                if (parsed.GetValue(json))
                    parsed.InvocationConfiguration.Output.WriteLine(JsonSerializer.Serialize(report, Format));
                else
                    report.Write(AnsiConsole.Console);
                return report.Finding is null ? ExitCode.Ok : ExitCode.Finding;
            },
            cancellationToken));
        return new Command("audit", "Audit logs") { command };
    }

    internal static NoteKey ReadKey(string text, NoteKeyType type, string option) => NoteKey.Parse(text) is { } key && key.Type == type
        ? key
        : throw new UsageException($"{option} is no verifier key of {(type == NoteKeyType.Ed25519 ? "a log (type 1)" : "a witness (type 4)")}: name+id+base64, as its operator gives it.");

    private static VerificationReport Verify(
        DirectoryInfo folder, DirectoryInfo? previous, NoteKey given, NoteKey[] witnesses, FileInfo[] seen, IAnsiConsole? screen, CancellationToken cancellationToken)
    {
        if ((!folder.Exists ? folder : previous is { Exists: false } ? previous : null) is { } missing)
            throw new UsageException($"{missing} is no folder. Give the log's own, the one that holds 'checkpoint'.");
        var started = TimeProvider.System.GetTimestamp();
        var key = ReadCheckpoint(folder) is var (_, claimed) ? given.ForLog(claimed.Origin) ?? given : given;
        var inspection = new EntryInspection(key.Name);
        Action<ulong> progress = _ => cancellationToken.ThrowIfCancellationRequested();
        var verification = new LogVerification(key, witnesses, path => ReadFile(folder.FullName, path))
        {
            Inspect = inspection.Inspect,
            Progress = entries => progress(entries),
        };
        var finding = seen.Select(file => verification.Hold(ReadSeen(file), file.Name)).FirstOrDefault(wrong => wrong is not null);
        if (finding is null && screen is not null)
        {
            finding = screen.Status().Start("Verifying", status =>
            {
                progress += entries => status.Status($"Verified {entries:N0} entries");
                return verification.Run();
            });
        }
        else
        {
            finding ??= verification.Run();
        }

        finding ??= inspection.CheckCosignatures(verification.CosignedAt.Values);
        if (previous is not null)
            finding ??= CheckPrevious(previous, inspection.Predecessor, key);
        return new VerificationReport(
            key.Name,
            verification.Checkpoint?.Size,
            verification.Checkpoint?.Root.ToBase64(),
            inspection.Predecessor is { } before ? new ContinuedLog(before.Origin, before.Size, before.Root.ToBase64()) : null,
            inspection.First,
            inspection.Last,
            verification.CosignedAt.ToDictionary(cosigned => cosigned.Key.Name, cosigned => cosigned.Value),
            finding?.Entry,
            finding?.File,
            finding?.What,
            TimeProvider.System.GetElapsedTime(started).TotalSeconds);
    }

    /// <summary>The log before may have gone on after it was closed, or have been another.</summary>
    private static LogFinding? CheckPrevious(DirectoryInfo previous, Checkpoint? named, NoteKey key)
    {
        const string File = "tile/entries/000";
        if (named is null)
            return new LogFinding(File, 0, "it names no log before this one");
        if (ReadCheckpoint(previous) is not var (note, head) || head.Origin != named.Origin || key.ForLog(head.Origin) is not { } signer || note.SignatureOf(signer) is null)
            return new LogFinding(File, 0, $"{previous} holds no checkpoint of {named.Origin}, the log that it goes on from");
        return head == named ? null : new LogFinding(File, 0, $"it goes on from {named.Size} entries of {named.Origin}, which ended with {head.Size} entries and root {head.Root.ToBase64()}");
    }

    private static (SignedNote Note, Checkpoint Checkpoint)? ReadCheckpoint(DirectoryInfo folder) =>
        ReadFile(folder.FullName, LogVerification.CheckpointFile) is { } bytes && SignedNote.Parse(bytes) is { } note && Checkpoint.Parse(note.Text) is { } checkpoint
            ? (note, checkpoint)
            : null;

    private static byte[] ReadSeen(FileInfo file)
    {
        try
        {
            return File.ReadAllBytes(file.FullName);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--seen {file}: {failure.Message}");
        }
    }

    /// <summary>Null if it is not there or cannot be read.</summary>
    internal static byte[]? ReadFile(string folder, string path)
    {
        try
        {
            return File.ReadAllBytes(Path.Combine(folder, path));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

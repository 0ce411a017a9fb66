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
        var key = new Option<string>("--key") { Description = "The log's verifier key (name+id+base64); have it from its operator, not from the log", Required = true };
        var witnesses = new Option<string[]>("--witness") { Description = "Verifier key of a witness that must have cosigned, repeatable", DefaultValueFactory = _ => [] };
        var seen = new Option<FileInfo[]>("--seen") { Description = "A checkpoint that somebody kept: the log must hold what it vouches for, repeatable", DefaultValueFactory = _ => [] };
        var json = new Option<bool>("--json") { Description = "Print one JSON object" };
        var command = new Command("verify", "Verify every byte of an audit log; names the first bad entry, exit code 1 if there is one") { folder, key, witnesses, seen, json };
        command.SetAction((parsed, cancellationToken) => Task.Run(
            () =>
            {
                var report = Verify(
                    parsed.GetRequiredValue(folder),
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
        DirectoryInfo folder, NoteKey key, NoteKey[] witnesses, FileInfo[] seen, IAnsiConsole? screen, CancellationToken cancellationToken)
    {
        if (!folder.Exists)
            throw new UsageException($"{folder} is no folder. Give the log's own, the one that holds 'checkpoint'.");
        var started = TimeProvider.System.GetTimestamp();
        var times = new EntryTimes();
        Action<ulong> progress = _ => cancellationToken.ThrowIfCancellationRequested();
        var verification = new LogVerification(key, witnesses, path => ReadFile(folder.FullName, path))
        {
            Inspect = (_, entry) => times.Inspect(entry),
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

        finding ??= times.CheckCosignatures(verification.CosignedAt.Values);
        return new VerificationReport(
            key.Name,
            verification.Checkpoint?.Size,
            verification.Checkpoint?.Root.ToBase64(),
            times.First,
            times.Last,
            verification.CosignedAt.ToDictionary(cosigned => cosigned.Key.Name, cosigned => cosigned.Value),
            finding?.Entry,
            finding?.File,
            finding?.What,
            TimeProvider.System.GetElapsedTime(started).TotalSeconds);
    }

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

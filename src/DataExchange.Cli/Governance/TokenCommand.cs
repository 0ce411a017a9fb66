using System.CommandLine;
using System.Text;
using DataExchange.Contracts;
using DataExchange.Hosting;

namespace DataExchange.Cli.Governance;

/// <summary><c>dx dev token</c>: signs a person in without an issuer.</summary>
internal static class TokenCommand
{
    public static Command Create()
    {
        var subject = new Argument<string>("subject") { Description = "Who: a name or number, the same each time" };
        var role = new Option<string>("--role") { Description = "manage, operate or audit", Required = true };
        role.AcceptOnlyFromAmong("manage", "operate", "audit");
        var department = new Option<string?>("--department") { Description = "Department of a person who acts for one (default: of the exchange itself)" };
        SwitchRule.Add(department, name => name is null || CodeName.IsValid(name), $"--department {CodeName.Rule}");
        var minutes = new Option<int>("--minutes") { Description = "How long it is valid, 1 to 720", DefaultValueFactory = _ => 60 };
        SwitchRule.Add(minutes, count => count is >= 1 and <= 720, "--minutes must be 1 to 720");
        var folder = new Option<DirectoryInfo>("--keys")
        {
            Description = "Folder of the development key, made if it is not there",
            DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(".dx", DevelopmentIssuer.Folder)),
        };
        var file = new Option<FileInfo?>("--out") { Description = "File to write it to, open to its owner only (default: standard output)" };

        var command = new Command("token", "Sign a person in with a key of this machine, for trying things out") { subject, role, department, minutes, folder, file };
        command.SetAction(parsed =>
        {
            var token = Sign(
                parsed.GetRequiredValue(folder).FullName, parsed.GetRequiredValue(subject), parsed.GetRequiredValue(role), parsed.GetValue(department),
                TimeSpan.FromMinutes(parsed.GetValue(minutes)));
            if (parsed.GetValue(file) is { } path)
                WholeFile.Write(path.FullName, Encoding.ASCII.GetBytes(token + "\n"), WholeFile.OwnerOnly, overwrite: true);
            else
                parsed.InvocationConfiguration.Output.WriteLine(token);
            return ExitCode.Ok;
        });
        return command;
    }

    private static string Sign(string folder, string subject, string role, string? department, TimeSpan validFor)
    {
        try
        {
            return DevelopmentIssuer.Open(folder).Sign(subject, [role], department, validFor, TimeProvider.System.GetUtcNow());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            throw new UsageException($"The development key cannot be used: {e.Message}");
        }
    }
}

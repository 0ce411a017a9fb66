using System.CommandLine;
using System.CommandLine.Parsing;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using DataExchange.Contracts;
using DataExchange.Hosting;

namespace DataExchange.Cli.Certificates;

/// <summary><c>dx dev certificates</c>: an authority in a folder, and a certificate for the hub and for each department.</summary>
internal static class CertificatesCommand
{
    private const int Ok = 0, Unavailable = 3;

    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Command Create()
    {
        var folder = new Option<DirectoryInfo>("--out") { Description = "Folder of the PEM files; made if it is not there", HelpName = "DIR", Required = true };
        var trustDomain = new Option<string>("--trust-domain") { Description = $"The exchange's SPIFFE trust domain: {TlsOptions.TrustDomainRule}", HelpName = "DOMAIN", Required = true };
        var hub = new Option<string>("--hub") { Description = $"The hub's id: {CodeName.Rule}", HelpName = "ID", Required = true };
        var departments = new Option<string[]>("--department")
        {
            Description = $"Department ids: {CodeName.Rule}",
            HelpName = "ID",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [],
        };
        var json = new Option<bool>("--json") { Description = "One JSON object" };
        trustDomain.Validators.Add(result => Require(result, TlsOptions.IsTrustDomain(result.GetValueOrDefault<string>()), TlsOptions.TrustDomainRule));
        hub.Validators.Add(result => Require(result, CodeName.IsValid(result.GetValueOrDefault<string>()), CodeName.Rule));
        departments.Validators.Add(result => Require(result, result.GetValueOrDefault<string[]>()?.All(CodeName.IsValid) ?? true, CodeName.Rule));

        var command = new Command("certificates", "Make certificates for trying things out; those that are there and valid are kept")
        {
            folder, trustDomain, hub, departments, json,
        };
        command.SetAction(parsed => Run(
            parsed.InvocationConfiguration,
            parsed.GetRequiredValue(folder).FullName,
            parsed.GetRequiredValue(trustDomain),
            parsed.GetRequiredValue(hub),
            [.. parsed.GetRequiredValue(departments).Distinct().Select(DepartmentId.Parse)],
            parsed.GetValue(json)));
        return command;
    }

    private static int Run(InvocationConfiguration streams, string folder, string trustDomain, string hub, DepartmentId[] departments, bool json)
    {
        try
        {
            var made = DevelopmentCertificates.Create(folder, trustDomain, hub, departments);
            CertificateLine[] lines =
            [
                Describe("hub", hub, made.Hub),
                .. departments.Select(department => Describe("department", department.Value, made.Department(department))),
            ];
            if (json)
                streams.Output.WriteLine(JsonSerializer.Serialize(new { TrustDomain = trustDomain, Root = made.Hub.RootPath, made.Written, Certificates = lines }, Format));
            else
                WriteText(streams.Output, made, lines);
            return Ok;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            streams.Error.WriteLine($"Cannot write the certificates: {failure.Message}");
            return Unavailable;
        }
    }

    private static void WriteText(TextWriter output, DevelopmentCertificates made, CertificateLine[] lines)
    {
        foreach (var line in lines)
            output.WriteLine($"{line.Role} {line.Name}  key {line.KeyId}  {line.Certificate}");
        output.WriteLine(made.Written.Count == 0 ? "All were there and valid." : $"{made.Written.Count} files written, root {made.Hub.RootPath}");
    }

    private static CertificateLine Describe(string role, string name, TlsOptions files)
    {
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(files.CertificatePath);
        return new CertificateLine(role, name, KeyId.Of(certificate), files.CertificatePath, files.KeyPath);
    }

    private static void Require(OptionResult result, bool holds, string rule)
    {
        if (!holds)
            result.AddError($"{result.Option.Name} {rule}");
    }

    /// <param name="Role">hub or department.</param>
    /// <param name="Name">Its id.</param>
    /// <param name="KeyId">What the catalogue registers.</param>
    /// <param name="Certificate">Path of the certificate.</param>
    /// <param name="Key">Path of the private key.</param>
    private sealed record CertificateLine(string Role, string Name, string KeyId, string Certificate, string Key);
}

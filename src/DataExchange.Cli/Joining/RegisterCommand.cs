using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Spectre.Console;

namespace DataExchange.Cli.Joining;

/// <summary><c>dx adapter register</c>: where a department stands on its way into the exchange, what is next, and who must act.</summary>
internal static class RegisterCommand
{
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) } };

    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "Department id" };
        var name = new Option<string>("--name") { Description = "Its name, for people", Required = true };
        var folder = new Option<DirectoryInfo>("--folder") { Description = "Where its key, certificate request and certificate are; made where it is not there", Required = true };
        var trustDomain = new Option<string>("--trust-domain") { Description = "The exchange's SPIFFE trust domain", Required = true };
        var adapter = new Option<Uri>("--adapter") { Description = "https address that its adapter will answer at", CustomParser = AddressSwitch.Parse, Required = true };
        var catalogue = new Option<FileInfo>("--catalogue") { Description = "Catalogue file (YAML) with the department's attributes", Required = true };
        var hub = new Option<Uri>("--hub") { Description = "The hub's address", CustomParser = AddressSwitch.Parse, DefaultValueFactory = _ => new Uri("https://127.0.0.1:7443") };
        var hubName = new Option<string>("--hub-name") { Description = "Broker id in the hub's certificate", DefaultValueFactory = _ => Exchange.Workspace.BrokerId };
        var json = new Option<bool>("--json") { Description = "Print one JSON object" };
        SwitchRule.Add(trustDomain, TlsOptions.IsTrustDomain, $"--trust-domain {TlsOptions.TrustDomainRule}");
        id.Validators.Add(result =>
        {
            if (!CodeName.IsValid(result.GetValueOrDefault<string>()))
                result.AddError($"id {CodeName.Rule}");
        });
        var command = new Command("register", "Lead a department into the exchange, step by step; exit code 1 while something is left to do")
        {
            id, name, folder, trustDomain, adapter, catalogue, hub, hubName, json,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var department = DepartmentId.Parse(parsed.GetRequiredValue(id));
            var plan = new JoiningPlan(
                department, parsed.GetRequiredValue(name), parsed.GetRequiredValue(adapter), (parsed.GetRequiredValue(hub), parsed.GetRequiredValue(hubName)), parsed.GetRequiredValue(catalogue));
            var files = new JoiningFolder(parsed.GetRequiredValue(folder).FullName, parsed.GetRequiredValue(trustDomain), department);
            var steps = await new JoiningWay(plan, files).LookAsync(cancellationToken);
            Print(parsed.InvocationConfiguration.Output, department, steps, parsed.GetValue(json));
            return steps.All(step => step.State == StepState.Done) ? ExitCode.Ok : ExitCode.Finding;
        });
        return command;
    }

    private static void Print(TextWriter output, DepartmentId department, IReadOnlyList<JoiningStep> steps, bool json)
    {
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(new { Department = department.Value, Steps = steps }, Format));
            return;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns("Step", "", "Who");
        foreach (var step in steps)
            table.AddRow(new Text(step.Step), new Text(step.State.ToString().ToLowerInvariant()), new Text(step.Who));
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) }).Write(table);
        output.WriteLine(steps.FirstOrDefault(step => step.State == StepState.Next) is { } next
            ? $"Next, {next.Who}: {next.What}"
            : "All is done. Hold the adapter to the contract: dx adapter verify --config verify.yaml");
    }
}

using System.CommandLine;
using System.CommandLine.Parsing;
using DataExchange.Contracts;

namespace DataExchange.Cli.Identifiers;

/// <summary><c>dx identifier check SCHEME [VALUE...]</c>: says what holds of each value. Reads no catalogue and asks no server.</summary>
internal static class IdentifierCommand
{
    private const int Ok = 0, NotValid = 1, Usage = 2, Unavailable = 3;

    // Chinese numbers carry Chinese days: a child born there today is not born tomorrow because this machine stands further west.
    private static readonly TimeSpan ChinaOffset = TimeSpan.FromHours(8);

    public static Command Create() => new("identifier", "Identifiers and their schemes.") { CreateCheck() };

    private static Command CreateCheck()
    {
        var scheme = new Argument<string>("SCHEME") { Description = $"One of {string.Join(", ", IdentifierSchemes.BuiltIn.Names)}." };
        var values = new Argument<string[]>("VALUE")
        {
            Description = "Values to check; without any, one a line is read from standard input, blank lines left out. Write -- before a value that looks like an option.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var json = new Option<bool>("--json") { Description = "One JSON object a line." };
        var command = new Command("check", "Says for each value whether it is valid in the scheme, layer by layer. Exit code 1 if any is not.")
        {
            scheme, values, json,
        };
        command.SetAction(parsed => Run(parsed, parsed.GetRequiredValue(scheme), parsed.GetValue(values) ?? [], parsed.GetValue(json)));
        return command;
    }

    private static int Run(ParseResult parsed, string schemeName, string[] values, bool json)
    {
        var error = parsed.InvocationConfiguration.Error;
        if (!IdentifierSchemes.BuiltIn.TryFind(schemeName, out var scheme))
        {
            error.WriteLine($"There is no scheme of this name. Known are: {string.Join(", ", IdentifierSchemes.BuiltIn.Names)}.");
            return Usage;
        }
        // The parser takes a misspelt option for a value, which would then be found not valid.
        if (values.Any(value => value.StartsWith("--", StringComparison.Ordinal)) && parsed.Tokens.All(token => token.Type != TokenType.DoubleDash))
        {
            error.WriteLine("The only option is --json. Write -- before a value that begins with two hyphens.");
            return Usage;
        }
        var today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().ToOffset(ChinaOffset).Date);
        var (read, allValid) = (0L, true);
        var verdicts = (values.Length > 0 ? values : ValueLines.OfStandardInput()).Select(value =>
        {
            var verdict = IdentifierVerdict.Of(scheme, value, today);
            read++;
            allValid &= verdict.Valid;
            return verdict;
        });
        try
        {
            IdentifierReport.WriteToStandardOutput(verdicts, json);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"Cannot read the input or write the output: {failure.Message}");
            return Unavailable;
        }
        if (read > 0)
            return allValid ? Ok : NotValid;
        error.WriteLine("No value was given, neither as an argument nor on standard input.");
        return Usage;
    }
}

using System.CommandLine;

namespace DataExchange.Cli;

/// <summary>What a switch's value must keep to.</summary>
internal static class SwitchRule
{
    /// <param name="rule">Told when the value does not hold.</param>
    public static void Add<T>(Option<T> option, Func<T?, bool> holds, string rule) => option.Validators.Add(result =>
    {
        try
        {
            if (!holds(result.GetValueOrDefault<T>()))
                result.AddError(rule);
        }
        catch (InvalidOperationException)
        {
            // Not of the switch's type: the parser tells that by itself, and must not be stopped here.
        }
    });
}

using System.CommandLine.Parsing;
using System.Globalization;

namespace DataExchange.Cli.Governance;

/// <summary>How a switch reads a moment: a day (midnight UTC), or with time and offset.</summary>
internal static class MomentSwitch
{
    private static readonly string[] Formats = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:sszzz"];

    /// <summary>For <c>CustomParser</c>.</summary>
    public static DateTimeOffset? Parse(ArgumentResult argument)
    {
        if (argument.Tokens is not [var token, ..])
            return null;
        if (DateTimeOffset.TryParseExact(
            token.Value, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var moment))
            return moment;
        argument.AddError($"{(argument.Parent as OptionResult)?.Option.Name} must be a day as 2026-01-31, or 2026-01-31T08:00:00Z");
        return null;
    }
}

using System.CommandLine.Parsing;

namespace DataExchange.Cli;

/// <summary>How a switch reads an address: System.CommandLine converts none by itself.</summary>
internal static class AddressSwitch
{
    /// <summary>For <c>CustomParser</c>. What is no address is a usage error that does not repeat it: it may hold a password.</summary>
    public static Uri? Parse(ArgumentResult argument)
    {
        if (argument.Tokens is not [var token, ..])
            return null;
        if (Uri.TryCreate(token.Value, UriKind.Absolute, out var address))
            return address;
        argument.AddError($"{(argument.Parent as OptionResult)?.Option.Name} must be an address, as scheme://host:port");
        return null;
    }
}

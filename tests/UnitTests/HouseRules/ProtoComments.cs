using System.Text.RegularExpressions;

namespace DataExchange.UnitTests.HouseRules;

/// <summary>What the protos say above each service, rpc, message, field and enum value; generated code does not carry it.</summary>
internal sealed partial class ProtoComments
{
    private readonly Dictionary<string, string> _comments = [];

    public ProtoComments()
    {
        foreach (var path in Repository.Files("protos/dataexchange", "*.proto"))
            Read(Repository.Read(path));
    }

    /// <param name="fullName">As a descriptor's; an enum value's is that of its enum and its own.</param>
    /// <returns>Empty where the proto says nothing.</returns>
    public string Of(string fullName) => _comments.GetValueOrDefault(fullName, "");

    private void Read(string proto)
    {
        var scopes = new Stack<string>();
        var said = new List<string>();
        foreach (var line in proto.Split('\n').Select(line => line.Trim()))
        {
            if (line.StartsWith("//", StringComparison.Ordinal))
            {
                said.Add(line[2..].Trim());
                continue;
            }

            if (Package().Match(line) is { Success: true } package)
                scopes.Push(package.Groups[1].Value);
            if (Named().Match(line) is { Success: true } named)
                _comments[$"{string.Join('.', scopes.Where(scope => scope.Length > 0).Reverse())}.{named.Groups.Values.Last(group => group.Success).Value}"] = string.Join(' ', said.Where(sentence => sentence.Length > 0));
            said.Clear();
            if (line.EndsWith('{'))
                scopes.Push(Scope().Match(line) is { Success: true } scope ? scope.Groups[1].Value : "");
            else if (line.StartsWith('}'))
                scopes.Pop();
        }
    }

    [GeneratedRegex(@"^package ([\w.]+);")]
    private static partial Regex Package();

    [GeneratedRegex(@"^(?:service|message|enum|rpc) (\w+)|^(?:repeated |optional )?[\w.]+ (\w+) = \d+;|^([A-Z0-9_]+) = \d+;")]
    private static partial Regex Named();

    [GeneratedRegex(@"^(?:service|message|enum) (\w+)")]
    private static partial Regex Scope();
}

using System.Text;

namespace DataExchange.Cli.Exchange;

/// <summary>Writes a plan's catalogue file as a person would write it by hand.</summary>
internal static class PlanCatalogue
{
    private const int GrantYears = 100;

    /// <param name="address">Where a publishing department's adapter listens.</param>
    /// <param name="certificate">Path of a department's certificate, relative to the catalogue file.</param>
    public static string Write(ExchangePlan plan, Func<PlannedDepartment, Uri> address, Func<string, string> certificate)
    {
        var yaml = new StringBuilder("# Written by dx when this workspace was made, and applied then. What you change in it, dx catalogue apply --token-file proposes.\n");

        yaml.Append("departments:\n");
        foreach (var department in plan.Departments)
        {
            Department(yaml, department.Id, department.Title, certificate(department.Id));
            yaml.Append($"    adapter: {address(department).GetLeftPart(UriPartial.Authority)}\n");
        }

        Department(yaml, plan.Consumer.Id, plan.Consumer.Title, certificate(plan.Consumer.Id));

        if (plan.Schemes.Count > 0)
            yaml.Append("\nschemes:\n");
        foreach (var scheme in plan.Schemes)
        {
            yaml.Append($"  - name: {scheme.Name}\n    pattern: {Quote(scheme.Pattern)}\n");
            if (scheme.Normalize.Count > 0)
                yaml.Append($"    normalize: [{string.Join(", ", scheme.Normalize)}]\n");
        }

        yaml.Append("\nattributes:\n");
        foreach (var (owner, attribute) in plan.Attributes)
        {
            var holding = attribute.Located ? "located" : "held";
            yaml.Append($"  - id: {owner.Id}/{attribute.Name}\n    title: {Quote(attribute.Title)}\n    type: {attribute.Type}\n    holding: {holding}\n");
        }

        if (plan.LinkRights.Count > 0)
            yaml.Append("\nlink_rights:\n");
        foreach (var right in plan.LinkRights)
            yaml.Append($"  - department: {right.Department}\n    schemes: [{right.SchemeA}, {right.SchemeB}]\n");

        Grants(yaml, plan);
        return yaml.ToString();
    }

    private static void Grants(StringBuilder yaml, ExchangePlan plan)
    {
        yaml.Append($"\ngrants:\n  - consumer: {plan.Consumer.Id}\n    purpose: {plan.Consumer.Purpose}\n    legal_basis: {Quote(plan.Consumer.LegalBasis)}\n");
        yaml.Append($"    valid_from: {plan.ValidFrom:yyyy-MM-dd}\n    valid_until: {plan.ValidFrom.AddYears(GrantYears):yyyy-MM-dd}\n    attributes:\n");
        foreach (var (owner, attribute) in plan.Attributes)
            yaml.Append($"      - {owner.Id}/{attribute.Name}\n");
    }

    private static void Department(StringBuilder yaml, string id, string title, string certificate) =>
        yaml.Append($"  - id: {id}\n    name: {Quote(title)}\n    keys:\n      - file: {certificate}\n        uses: [tls, signing]\n");

    private static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}

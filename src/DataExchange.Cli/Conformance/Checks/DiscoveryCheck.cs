using DataExchange.Contracts;

namespace DataExchange.Cli.Conformance.Checks;

/// <summary>What the adapter says of itself.</summary>
internal sealed class DiscoveryCheck(AdapterView adapter)
{
    private static readonly TimeSpan AnswerMost = TimeSpan.FromSeconds(30);

    public async Task RunAsync(CancellationToken stop)
    {
        var first = adapter.Calls.Expect("Describe", await adapter.Calls.TryDescribeAsync(stop, AdapterCalls.FirstPatience));
        JudgeLimits(first.Limits);
        var described = adapter.Described = adapter.Calls.Expect("Describe", await adapter.Calls.DescribeAsync(stop));

        adapter.Verdicts.Judge(ConformanceRules.Description, Fault(first, described) is null, Fault(first, described) ?? "");
        JudgeAttributes(described);
    }

    /// <summary>From here on the adapter is held to what it states.</summary>
    private void JudgeLimits(Wire.AdapterLimits? limits)
    {
        if (limits?.AnswerTimeMax is not { } stated)
        {
            adapter.Verdicts.Skip(ConformanceRules.StatedLimits, "the adapter states none", "State answer_time_max in Describe; the kit's file has limits.answer until then.");
            return;
        }

        var possible = stated.Seconds >= 0 && stated.Nanos >= 0 && stated.Seconds <= AnswerMost.TotalSeconds && stated.ToTimeSpan() is var time && time > TimeSpan.Zero && time <= AnswerMost;
        adapter.Verdicts.Judge(ConformanceRules.StatedLimits, possible, "the answer time is not above zero and at most 30 s");
        if (possible)
            adapter.Calls.AnswerMax = stated.ToTimeSpan();
    }

    private string? Fault(Wire.DescribeResponse first, Wire.DescribeResponse second) =>
        second.Department != adapter.Config.Department.Value ? "it names another department"
        : second.StreamEpoch.Length != WireLimits.EpochBytes ? $"the epoch has {second.StreamEpoch.Length} bytes"
        : first.StreamEpoch != second.StreamEpoch ? "the epoch changed from one call to the next"
        : second.FirstSequence == 0 ? "the oldest sequence is 0"
        : second.FirstSequence > second.LastSequence + 1 ? $"the oldest sequence is {second.FirstSequence}, the newest {second.LastSequence}"
        : first.LastSequence > second.LastSequence ? "the newest sequence went back from one call to the next"
        : null;

    private void JudgeAttributes(Wire.DescribeResponse described)
    {
        var wrong = described.Attributes.GroupBy(attribute => attribute.Name).Where(group => group.Count() > 1).Select(group => $"{Name(described, group.Key)} is named twice").ToList();
        foreach (var attribute in described.Attributes)
        {
            if (!CodeName.IsValid(attribute.Name))
                wrong.Add($"{Name(described, attribute.Name)} has no proper name");
            else if (!adapter.Attributes.TryGetValue(attribute.Name, out var declared))
                wrong.Add($"{attribute.Name} is not in the catalogue");
            else if (attribute.Located != (declared.Holding == Wire.Holding.Located))
                wrong.Add($"{attribute.Name} is {(attribute.Located ? "located here and held" : "held here and located")} in the catalogue");
        }

        wrong.AddRange(adapter.Attributes.Keys.Except(described.Attributes.Select(attribute => attribute.Name)).Select(name => $"{name} is missing"));
        adapter.Verdicts.Judge(ConformanceRules.Attributes, wrong.Count == 0, string.Join("; ", wrong));
    }

    /// <summary>What is no name could be anything, and is not printed.</summary>
    private static string Name(Wire.DescribeResponse described, string name) =>
        CodeName.IsValid(name) ? name : $"attribute {described.Attributes.Select(attribute => attribute.Name).ToList().IndexOf(name) + 1}";
}

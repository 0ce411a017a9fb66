using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Ingest;
using DataExchange.Contracts;
using Google.Protobuf;

namespace DataExchange.Cli.Conformance;

/// <summary>What the kit knows of the adapter so far. One check after the other writes it.</summary>
internal sealed class AdapterView(VerifyConfig config, AdapterCalls calls, BatchCheck batches, Verdicts verdicts)
{
    public VerifyConfig Config => config;

    public AdapterCalls Calls => calls;

    public Verdicts Verdicts => verdicts;

    /// <summary>What the adapter last said of itself.</summary>
    public Wire.DescribeResponse Described { get; set; } = new();

    /// <summary>What the catalogue gives the department, by name.</summary>
    public IReadOnlyDictionary<string, AttributeConfig> Attributes { get; } =
        config.Catalogue.Attributes.Where(attribute => attribute.Id.Department == config.Department).ToDictionary(attribute => attribute.Id.Name);

    /// <summary>The whole of the stream as it was first read.</summary>
    public StreamReading Stream { get; } = new(config, batches, verdicts);

    public bool HasLocated => Attributes.Values.Any(attribute => attribute.Holding == Wire.Holding.Located);

    public Wire.ReadChangesRequest Read(ulong from, ulong to = 0) => new() { StreamEpoch = Described.StreamEpoch, FromSequence = from, ToSequence = to };

    public static Wire.FetchRequest Fetch(Question question, params IEnumerable<Wire.FetchItem> items)
    {
        var request = new Wire.FetchRequest
        {
            Consumer = question.Consumer, Purpose = question.Purpose, LegalBasis = question.LegalBasis, CaseId = question.Case, RequestId = "conformance",
        };
        request.Items.Add(items);
        return request;
    }

    public static Wire.FetchItem Item(string attribute, ByteString locator) => new() { Attribute = attribute, Subject = new Wire.SubjectRef { Locator = locator } };

    /// <summary>A located value was seen: null where it is a proper one, else the rule that it breaks.</summary>
    public void JudgeValue(string attribute, Wire.Value? value)
    {
        var rule = value is null ? "must be present" : ValueRules.Violation(value, Attributes[attribute].Type);
        verdicts.Judge(ConformanceRules.ValueType, rule is null, $"the value that Fetch gives {rule}", attribute);
    }

    /// <summary>Of an attribute without any value nothing is known.</summary>
    public void SpeakOfTypes()
    {
        foreach (var attribute in Attributes.Values)
        {
            var way = attribute.Holding == Wire.Holding.Held
                ? "Have the source state a value of it, and the outbox keep it."
                : "Have the source state it for a subject, and answer the question of the file.";
            verdicts.Skip(ConformanceRules.ValueType, "no value of it was seen", way, attribute.Id.Name);
        }
    }
}

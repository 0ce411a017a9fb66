using DataExchange.Cli.Exchange;
using DataExchange.Cli.Simulation;
using DataExchange.Contracts;
using Google.Protobuf;

namespace DataExchange.Cli.Bench;

/// <summary>Six departments that hold eight facts about each person of a synthetic population, and one that may ask for all of them.</summary>
internal sealed class BenchPopulation(long persons)
{
    private const ulong Seed = 1;

    // Coprime to every count of persons in use: neighbours in the order asked are far apart in the order published.
    private const long Stride = 48_271;

    private static readonly PlannedConsumer Consumer = new("service-desk", "Service desk", "one-stop-service", "Benchmark order, article 1");

    private readonly Population _population = new(persons, Seed);

    public static IReadOnlyList<SimulatedAttribute> Attributes { get; } = [.. SimulatedDepartment.All.SelectMany(d => d.Attributes)];

    public ExchangePlan Plan { get; } = new(
        [.. SimulatedDepartment.All.Select(d => new PlannedDepartment(d.Id.Value, d.Name, Planned(d.Attributes), d.Attributes.Count * persons, "Bench", new { }))],
        [], [], Consumer, new DateOnly(2026, 1, 1));

    public static IReadOnlyList<PlannedAttribute> Planned(IEnumerable<SimulatedAttribute> attributes) =>
        [.. attributes.Select(a => new PlannedAttribute(a.Id.Name, a.Title, $"{a.Type}".ToLowerInvariant(), Located: false))];

    /// <summary>Everything about one person, another for each number.</summary>
    public Wire.LookupRequest Question(long number) => QuestionAbout(number * Stride % persons);

    /// <summary>Everything about the person of this number.</summary>
    public Wire.LookupRequest QuestionAbout(long person) => new()
    {
        Identifier = _population.IdentifierAt(person).ToWire(),
        Attributes = { Attributes.Select(a => a.Id.ToWire()) },
        Purpose = Consumer.Purpose,
        LegalBasis = Consumer.LegalBasis,
        CaseId = $"bench-{person}",
    };

    /// <summary>Serialized.</summary>
    /// <param name="batch">0 for single questions, else questions in a message.</param>
    public IReadOnlyList<byte[]> Questions(int count, int batch) => [.. Enumerable.Range(0, count).Select(n => batch == 0
        ? Question(n).ToByteArray()
        : new Wire.LookupManyRequest { Lookups = { Enumerable.Range(n * batch, batch).Select(i => Question(i)) } }.ToByteArray())];

    public IEnumerable<Wire.Change> ChangesOf(string department) =>
        _population.ChangesOf(SimulatedDepartment.All.Single(d => d.Id.Value == department));

    /// <summary>Every department's changes as one department's: person by person.</summary>
    public IEnumerable<Wire.Change> Changes() => _population.ChangesOf(new SimulatedDepartment(DepartmentId.Parse("all"), "All", Attributes));
}

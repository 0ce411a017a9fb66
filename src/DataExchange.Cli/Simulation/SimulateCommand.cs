using System.CommandLine;
using System.Globalization;
using System.Text;
using DataExchange.Cli.Exchange;
using DataExchange.Contracts;
using DataExchange.Hosting;

namespace DataExchange.Cli.Simulation;

/// <summary><c>dx simulate</c>: six departments with a population that nobody belongs to, as an exchange in one process.</summary>
internal static class SimulateCommand
{
    private const int LookupsMax = 1_000;
    private static readonly DateOnly ValidFrom = new(2020, 1, 1);

    public static Command Create()
    {
        var persons = new Option<long>("--persons") { Description = "How many", Required = true };
        SwitchRule.Add(persons, count => count >= 1 && count <= ResidentNumbers.Count, $"--persons must be 1 to {ResidentNumbers.Count}");
        var seed = new Option<ulong>("--seed") { Description = "The same seed gives the same population", DefaultValueFactory = _ => 1 };
        var exchange = new ExchangeSwitches(workspace: ".dx-simulation");
        var command = new Command("simulate", "Start an exchange of six departments with synthetic persons, and look some of them up") { persons, seed };
        exchange.AddTo(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            var population = new Population(parsed.GetValue(persons), parsed.GetValue(seed));
            var settings = exchange.Read(parsed);
            KeepSeed(settings.Workspace, population.Seed);
            return ShowcaseRun.RunAsync(Showcase(population), settings, cancellationToken);
        });
        return command;
    }

    /// <summary>What a workspace's departments have published cannot be gone on with by another population.</summary>
    private static void KeepSeed(string workspace, ulong seed)
    {
        var file = Path.Combine(workspace, "seed");
        var text = seed.ToString(CultureInfo.InvariantCulture);
        if (!File.Exists(file))
            WholeFile.Write(file, Encoding.UTF8.GetBytes(text), WholeFile.OwnerOnly, overwrite: false);
        else if (File.ReadAllText(file) is var known && known != text)
            throw new UsageException($"{workspace} holds the population of seed {known}: give --seed {known}, or another --workspace.");
    }

    /// <summary>Looks up as many persons as make sense to wait for, evenly spread over the population.</summary>
    private static Showcase Showcase(Population population)
    {
        var asked = Math.Min(population.PersonCount, LookupsMax);
        var persons = Enumerable.Range(0, (int)asked).Select(i => population.PersonAt(i * population.PersonCount / asked))
            .ToDictionary(p => new Identifier(CnResidentScheme.SchemeName, p.Number));
        return new Showcase(Plan(population), persons.Keys, identifier => Expected(persons[identifier]), [persons.Keys.First()]);
    }

    private static Dictionary<AttributeId, List<string>> Expected(Person person) => SimulatedDepartment.All
        .SelectMany(d => d.Attributes)
        .ToDictionary(a => a.Id, a => new List<string> { ValueText.Of(a.ValueOf(person)) });

    private static ExchangePlan Plan(Population population) => new(
        [.. SimulatedDepartment.All.Select(d => Plan(d, population))],
        [],
        [],
        new PlannedConsumer("service-desk", "One-stop service desk", "one-stop-service", "Simulated law, article 1"),
        ValidFrom);

    private static PlannedDepartment Plan(SimulatedDepartment department, Population population) => new(
        department.Id.Value,
        department.Name,
        [.. department.Attributes.Select(a => new PlannedAttribute(a.Id.Name, a.Title, a.Type.ToString().ToLowerInvariant(), Located: false))],
        population.ChangeCountOf(department),
        PopulationSettings.Section,
        new PopulationSettings { Department = department.Id.Value, Persons = population.PersonCount, Seed = population.Seed });
}

/// <summary>Section <c>Population</c>: which department of which population this is.</summary>
internal sealed class PopulationSettings
{
    public const string Section = "Population";

    public required string Department { get; init; }

    public required long Persons { get; init; }

    public required ulong Seed { get; init; }
}

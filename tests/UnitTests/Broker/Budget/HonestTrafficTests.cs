using System.Globalization;
using DataExchange.Broker.Budget;
using DataExchange.Broker.Index;
using DataExchange.Cli.Simulation;
using DataExchange.Contracts;
using DataExchange.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Budget;

/// <summary>
/// Work days of offices that do what they are there for, under the limits as shipped: what they are refused is a false lock.
/// Persons are of the simulated population, in the offices' order of the day, with typing errors and families in one case.
/// </summary>
internal sealed class HonestTrafficTests
{
    private const double FalseLocksMax = 0.001;
    private const int Days = 3;

    [Test]
    public void Spend_HonestOffices_FewerThanOneInAThousandLookupsIsRefused()
    {
        using var folder = new TempFolder();
        using var keys = new SubjectKeys(new byte[SubjectKeys.HubKeyBytes]);
        var options = Options.Create(new BudgetOptions { Folder = folder.Path });
        var budgets = new Budgets(keys, options, new BudgetFolder(options, NullLogger<BudgetFolder>.Instance), NullLogger<Budgets>.Instance);
        var population = new Population(300_000_000, seed: 7);
        var offices = new Dictionary<string, (int LookupsADay, Func<Random, Identifier> Next)>
        {
            ["national service desk"] = (60_000, random => population.IdentifierAt(random.NextInt64(population.PersonCount))),
            ["hospital, most come again"] = (8_000, random => population.IdentifierAt(random.Next(20_000))),
            ["office of one district"] = (10_000, InOneDistrict),
        };
        var (asked, refused) = (0, 0);
        foreach (var (name, office) in offices)
        {
            var (own, wrong) = Work(budgets, keys, DepartmentId.Parse($"office-{name.Length}"), office.LookupsADay, office.Next);
            TestContext.Out.WriteLine($"{name}: {own} lookups in {Days} days, {wrong} refused");
            (asked, refused) = (asked + own, refused + wrong);
        }

        TestContext.Out.WriteLine($"false locks: {refused} of {asked} honest lookups, {(double)refused / asked:P4}");
        Assert.That((double)refused / asked, Is.LessThan(FalseLocksMax));
    }

    private static (int Asked, int Refused) Work(Budgets budgets, SubjectKeys keys, DepartmentId office, int lookupsADay, Func<Random, Identifier> next)
    {
        var random = new Random(1);
        var refused = 0;
        var opens = new DateTimeOffset(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);
        for (var n = 0; n < lookupsADay * Days; n++)
        {
            // Eight hours a day; a case is a family of up to five; one number in fifty is not anybody's.
            var now = opens.AddDays(n / lookupsADay) + (TimeSpan.FromHours(8) * (n % lookupsADay / (double)lookupsADay));
            var isMiss = random.Next(50) == 0;
            var identifier = isMiss ? Mistyped(next(random), random) : next(random);
            var key = keys.Of(identifier);
            if (budgets.Spend(office, "service", $"case-{n / 5}", identifier, key, official: default, now) is not null)
                refused++;
            else if (isMiss)
                budgets.Missed(office, "service", key, official: default);
        }

        return (lookupsADay * Days, refused);
    }

    /// <summary>Neighbours as close as they get: one district, where some twenty persons share a birthday.</summary>
    private static Identifier InOneDistrict(Random random)
    {
        var born = new DateOnly(1800, 1, 1).AddDays(random.Next(18_000));
        var first = string.Create(CultureInfo.InvariantCulture, $"110101{born:yyyyMMdd}{random.Next(20) * 49 % 999:D3}");
        return new Identifier(CnResidentScheme.SchemeName, first + CnResidentScheme.CheckCharacterOf(first));
    }

    /// <summary>Another sequence of the same area and birthday, and the check digit that goes with it.</summary>
    private static Identifier Mistyped(Identifier identifier, Random random)
    {
        Span<char> number = stackalloc char[18];
        identifier.Value.CopyTo(number);
        number[14] = (char)('0' + random.Next(10));
        number[17] = CnResidentScheme.CheckCharacterOf(number[..17]);
        return new Identifier(identifier.Scheme, new string(number));
    }
}

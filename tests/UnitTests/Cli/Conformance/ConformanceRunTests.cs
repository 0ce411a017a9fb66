using DataExchange.Cli.Conformance;
using NUnit.Framework;

namespace DataExchange.UnitTests.Cli.Conformance;

/// <summary>The kit against adapters behind a real listener, whole and with one fault each.</summary>
internal sealed class ConformanceRunTests
{
    private SeededDepartment _department = null!;

    [SetUp]
    public void Begin() => _department = new SeededDepartment();

    [TearDown]
    public async Task EndAsync() => await _department.DisposeAsync();

    [TestCase(4)]
    [TestCase(1)]
    public async Task Adapter_WithoutFault_HoldsEveryRule(int batches)
    {
        _department.Adapter.Batches.RemoveRange(batches, 4 - batches);

        var verdicts = await _department.VerifyAsync();

        Assert.That(verdicts.All.Where(verdict => verdict.Outcome != Outcome.Held), Is.Empty);
        Assert.That(verdicts.All.Where(verdict => verdict.Rule == ConformanceRules.ValueType).Select(verdict => verdict.About), Is.EqualTo(new[] { "income", "return" }));
    }

    [TestCaseSource(typeof(SeededFaults), nameof(SeededFaults.All))]
    public async Task Adapter_WithOneFault_BreaksItsRuleAndNoOther(string rule, Action<SeededDepartment> spoil)
    {
        spoil(_department);

        var verdicts = await _department.VerifyAsync();

        var broken = verdicts.All.Where(verdict => verdict.Outcome == Outcome.Broken).ToList();
        Assert.That(broken.Select(verdict => verdict.Rule.Id).Distinct(), Is.EqualTo(new[] { rule }), string.Join('\n', broken));
        Assert.That(broken, Has.All.Property(nameof(Verdict.Seen)).Not.Empty.And.All.Property(nameof(Verdict.Way)).Not.Empty);
    }

    [Test]
    public void Rules_EachOfThem_HasASeededFault() =>
        Assert.That(SeededFaults.All.Select(fault => fault.Arguments[0]).Distinct(), Is.EquivalentTo(ConformanceRules.All.Select(rule => rule.Id)));
}

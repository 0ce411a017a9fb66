using DataExchange.Adapter;
using Microsoft.Extensions.Options;
using NUnit.Framework;

namespace DataExchange.UnitTests.Adapter;

[TestFixture]
internal sealed class DepartmentAdapterOptionsTests
{
    private static readonly IValidateOptions<DepartmentAdapterOptions>[] Validators = [new DepartmentAdapterOptionsValidator(), new DepartmentAdapterOptionsRules()];

    [Test]
    public void Validate_Defaults_Pass() => Assert.That(Failures(_ => { }), Is.Empty);

    [Test]
    public void Validate_NothingSet_NamesEveryMissingOption()
    {
        var failures = string.Join(' ', Validators.SelectMany(v => v.Validate(null, new DepartmentAdapterOptions()).Failures ?? []));

        foreach (var required in new[] { "Department", "StateFolder", "HubAddress", "HubName", "HubKeyIds" })
            Assert.That(failures, Does.Contain(required));
    }

    private static IEnumerable<TestCaseData> Wrong()
    {
        yield return Case("Department", o => o.Department = "Tax");
        yield return Case("HubName", o => o.HubName = "hub/1");
        yield return Case("HubKeyIds", o => o.HubKeyIds = ["ABC"]);
        yield return Case("HubAddress", o => o.HubAddress = new Uri("http://hub:1"));
        yield return Case("HeldAttributes", o => o.HeldAttributes = ["Name"]);
        yield return Case("LocatedAttributes", o => o.LocatedAttributes = [Sample.Held]);
        yield return Case("BatchChangesMax", o => o.BatchChangesMax = 1_001);
        yield return Case("BatchBytesMax", o => o.BatchBytesMax = 1_048_577);
        yield return Case("BatchLinger", o => o.BatchLinger = TimeSpan.Zero);
        yield return Case("InFlightBatchesMax", o => (o.WindowBatches, o.InFlightBatchesMax) = (10, 11));
        yield return Case("OutboxBytesMax", o => o.OutboxBytesMax = 1);
        yield return Case("StallInterval", o => o.StallInterval = TimeSpan.FromDays(2));
    }

    [TestCaseSource(nameof(Wrong))]
    public void Validate_OneWrongOption_NamesIt(string option, Action<DepartmentAdapterOptions> spoil) =>
        Assert.That(Failures(spoil), Has.Some.Contains(option));

    private static TestCaseData Case(string option, Action<DepartmentAdapterOptions> spoil) => new(option, spoil);

    private static IEnumerable<string> Failures(Action<DepartmentAdapterOptions> spoil)
    {
        var options = Sample.Options(spoil).Value;
        return Validators.SelectMany(v => v.Validate(null, options).Failures ?? []);
    }
}

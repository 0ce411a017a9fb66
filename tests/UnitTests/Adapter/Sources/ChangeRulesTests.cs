using CsCheck;
using DataExchange.Adapter;
using DataExchange.Contracts;
using NUnit.Framework;

namespace DataExchange.UnitTests.Adapter;

[TestFixture]
internal sealed class ChangeRulesTests
{
    private static readonly LocatorKey Key = Sample.Key();

    private static ChangeRules Rules => new([Sample.Held], [Sample.Located], Key);

    [Test]
    public void Prepare_AnyProperChange_PassesAndOnlyLocatedSetsGetALocatorOfTheirSubject()
    {
        var rules = Rules;
        Sample.AnyChange.Sample(
            change =>
            {
                rules.Prepare(change);
                if (change.Set?.Attribute != Sample.Located)
                    return change.Set?.Locator.IsEmpty ?? true;
                return Key.TryOpen(change.Set.Locator.Span, out var opened)
                    && opened.Scheme == change.Set.Subject.Scheme && opened.Value == change.Set.Subject.Value && change.Set.Value is null;
            },
            threads: 1);
    }

    [Test]
    public void Prepare_EveryTypeOfValue_Passes()
    {
        foreach (var value in new Wire.Value[]
                 {
                     new() { Text = "" }, new() { Integer = 0 }, new() { Decimal = "-1.50" }, new() { Flag = false },
                     new() { Date = new Wire.Date { Year = 2024, Month = 2, Day = 29 } }, new() { Timestamp = new() { Seconds = 1 } }, new() { Code = "A1" },
                 })
        {
            var change = Sample.Change(1);
            change.Set.Value = value;
            Assert.That(() => Rules.Prepare(change), Throws.Nothing, value.KindCase.ToString());
        }
    }

    private static IEnumerable<TestCaseData> Wrong()
    {
        yield return Case("as_of", c => c.AsOf = null);
        yield return Case("as_of", c => c.AsOf.Nanos = -1);
        yield return Case("kind", c => c.ClearKind());
        yield return Case("set.subject", c => c.Set.Subject = null);
        yield return Case("set.subject.scheme", c => c.Set.Subject.Scheme = "Person");
        yield return Case("set.subject.value", c => c.Set.Subject.Value = "");
        yield return Case("set.subject.value", c => c.Set.Subject.Value = new string('人', 86));
        yield return Case("set.attribute", c => c.Set.Attribute = "other");
        yield return Case("set.value", c => c.Set.Value = null);
        yield return Case("set.value", c => c.Set.Value = new Wire.Value());
        yield return Case("set.value", c => c.Set.Value.Text = new string('x', WireLimits.TextBytesMax + 1));
        yield return Case("set.value", c => c.Set.Value.Decimal = "1e5");
        yield return Case("set.value", c => c.Set.Value.Date = new Wire.Date { Year = 2023, Month = 2, Day = 29 });
        yield return Case("set.value", c => c.Set.Attribute = Sample.Located);
        yield return Case("set.locator", c => c.Set.Locator = Google.Protobuf.ByteString.CopyFromUtf8("x"));
        yield return Case("set.subject", c =>
        {
            (c.Set.Attribute, c.Set.Value) = (Sample.Located, null);
            c.Set.Subject = new Wire.Identifier { Scheme = new string('s', 63), Value = new string('1', 256) };
        });
        yield return Case("withdraw.subject", c => c.Withdraw = new Wire.WithdrawAttribute { Attribute = Sample.Held });
        yield return Case("withdraw.attribute", c => c.Withdraw = new Wire.WithdrawAttribute { Subject = c.Set.Subject, Attribute = "other" });
        yield return Case("link.right", c => c.Link = new Wire.LinkIdentifiers { Left = c.Set.Subject });
        yield return Case("link.right", c => c.Link = new Wire.LinkIdentifiers { Left = c.Set.Subject, Right = c.Set.Subject.Clone() });
        yield return Case("unlink.right", c => c.Unlink = new Wire.UnlinkIdentifiers { Left = c.Set.Subject, Right = c.Set.Subject.Clone() });
        yield return Case("unlink.left", c => c.Unlink = new Wire.UnlinkIdentifiers { Right = c.Set.Subject });
    }

    [TestCaseSource(nameof(Wrong))]
    public void Prepare_WrongChange_NamesTheFieldAndNoValue(string field, Action<Wire.Change> spoil)
    {
        var change = Sample.Change(987_654);
        spoil(change);

        var refused = Assert.Throws<ChangeRefusedException>(() => Rules.Prepare(change));

        Assert.That(refused.Error.Field, Is.EqualTo(field));
        Assert.That(refused.Error.Rule, Does.StartWith("must ").And.Not.Contain("987654"));
    }

    private static TestCaseData Case(string field, Action<Wire.Change> spoil) => new(field, spoil);
}

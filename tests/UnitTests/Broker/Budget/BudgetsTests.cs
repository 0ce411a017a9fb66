using DataExchange.Broker.Budget;
using DataExchange.Broker.Index;
using DataExchange.Contracts;
using DataExchange.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Budget;

/// <summary>What departments may spend: which limit stops what, whose it is, when it is free again, and what a restart remembers.</summary>
internal sealed class BudgetsTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 25, 8, 0, 30, TimeSpan.Zero);
    private static readonly DepartmentId Tax = DepartmentId.Parse("tax");
    private static readonly DepartmentId Housing = DepartmentId.Parse("housing");

    private readonly FakeTimeProvider _time = new(Start);
    private readonly SubjectKeys _keys = new(new byte[SubjectKeys.HubKeyBytes]);
    private TempFolder _folder = null!;
    private BudgetOptions _options = null!;
    private Budgets _budgets = null!;
    private int _cases;

    [SetUp]
    public void Begin()
    {
        _folder = new TempFolder();
        _options = new BudgetOptions { Folder = _folder["budgets"] };
        _time.SetUtcNow(Start > _time.GetUtcNow() ? Start : _time.GetUtcNow());
        Restart();
    }

    [TearDown]
    public void End() => _folder.Dispose();

    [OneTimeTearDown]
    public void Dispose() => _keys.Dispose();

    [Test]
    public void Spend_DifferentSubjectsUpToTheLimit_RefusesTheNextAndNotTheKnown()
    {
        _options.SubjectsMax = 3;
        Assert.That(Spend(Plain(1), Plain(2), Plain(3), Plain(2), Plain(1)), Is.EqualTo(new[] { "", "", "", "", "" }));
        Assert.That(Spend(Plain(4), Plain(3)), Is.EqualTo(new[] { "subjects", "" }));
    }

    [Test]
    public void Spend_WindowPassed_IsFreeAgain()
    {
        _options.SubjectsMax = 2;
        Spend(Plain(1));
        _time.Advance(TimeSpan.FromHours(23));
        Spend(Plain(2));
        var refused = Ask(Plain(3));
        Assert.That(refused?.RetryAfter, Is.EqualTo(TimeSpan.FromHours(1)));

        _time.Advance(refused!.RetryAfter!.Value);
        Assert.That(Spend(Plain(3), Plain(4)), Is.EqualTo(new[] { "", "subjects" }), "the second is 1 h old");
    }

    [Test]
    public void Spend_SubjectsOfWhomNothingIsKnown_CountForMany()
    {
        (_options.SubjectsMax, _options.MissWeight) = (41, 20);
        foreach (var number in new[] { 1, 2, 1 })
        {
            Spend(Plain(number));
            _budgets.Missed(Tax, "audit", _keys.Of(Plain(number)), official: default);
        }

        Assert.That(Spend(Plain(3), Plain(4)), Is.EqualTo(new[] { "", "subjects" }), "two missed subjects are forty, however often");
    }

    [Test]
    public void Spend_NumbersOfOneAreaAndBirthday_StopAtTheLimitAndOthersGoOn()
    {
        _options.NeighboursMax = 5;
        Assert.That(Enumerable.Range(1, 5).Select(n => Spend(Resident(n)).Single()), Is.All.Empty);
        Assert.That(Spend(Resident(6), Resident(3), Resident(1, "11010518901230"), Plain(1)), Is.EqualTo(new[] { "neighbours", "", "", "" }));
    }

    [Test]
    public void Spend_NeighboursSwitchedOff_AreNotCounted()
    {
        _options.NeighboursMax = 0;
        Assert.That(Enumerable.Range(1, 50).SelectMany(n => Spend(Resident(n))), Is.All.Empty);
    }

    [Test]
    public void Spend_OneCaseForManySubjects_StopsAtTheLimitAndOtherCasesGoOn()
    {
        _options.SubjectsPerCaseMax = 3;
        Assert.That(new[] { 1, 2, 3, 2, 4, 1 }.Select(n => Reason(Ask(Plain(n), caseId: "case-7"))), Is.EqualTo(new[] { "", "", "", "", "case", "" }));
        Assert.That(Reason(Ask(Plain(4), caseId: "case-8")), Is.Empty);
    }

    [Test]
    public void Spend_RequestsOfAMinute_AreFreeAgainAfterIt()
    {
        _options.RequestsPerMinuteMax = 4;
        Assert.That(Spend(Plain(1), Plain(1), Plain(1), Plain(1), Plain(1)), Is.EqualTo(new[] { "", "", "", "", "requests" }));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.That(Spend(Plain(1)), Is.EqualTo(new[] { "requests" }), "all of the former minute are within the last one");
        _time.Advance(TimeSpan.FromSeconds(45));
        Assert.That(Spend(Plain(1), Plain(1), Plain(1), Plain(1)), Is.EqualTo(new[] { "", "", "", "requests" }));
    }

    [Test]
    public void Spend_AnothersBudgetSpent_ChangesNothingForTheOthers()
    {
        _options.SubjectsMax = 1;
        _options.SubjectsPerCaseMax = 1;
        Assert.That(Spend(Plain(1), Plain(2)), Is.EqualTo(new[] { "", "subjects" }));
        Assert.That(Reason(Ask(Plain(2), caseId: "1", department: Housing)), Is.Empty, "another department, the same case");
        Assert.That(Reason(Ask(Plain(2), purpose: "refund")), Is.Empty, "another purpose");
    }

    [Test]
    public void Spend_PurposeWithABudgetOfItsOwn_KeepsToThat()
    {
        _options.SubjectsMax = 1;
        _options.Purposes.Add(new PurposeBudget { Purpose = "census", SubjectsMax = 2 });
        Assert.That(Enumerable.Range(1, 3).Select(n => Reason(Ask(Plain(n), purpose: "census"))), Is.EqualTo(new[] { "", "", "subjects" }));
    }

    [Test]
    public void Spend_Refused_SaysWhichBudgetAndNothingOfTheSubject()
    {
        _options.NeighboursMax = 1;
        Spend(Resident(1));

        var refused = Ask(Resident(2))!;

        Assert.That((refused.Reason, refused.Detail), Is.EqualTo((ErrorReasons.BudgetExhausted, ErrorReasons.BudgetExhausted.Meaning)));
        Assert.That(refused.Metadata, Is.EqualTo(new Dictionary<string, string> { ["budget"] = "neighbours" }));
        Assert.That(refused.RetryAfter, Is.EqualTo(TimeSpan.FromHours(24)));
    }

    [Test]
    public void Spend_OneOfficialsBudgetSpent_StopsThatOneAndColleaguesGoOn()
    {
        _options.OperatorSubjectsMax = 2;
        var (ann, bob) = (new SubjectKey(1, 1), new SubjectKey(2, 2));
        Assert.That(new[] { 1, 2, 1, 3, 2 }.Select(n => Reason(Ask(Plain(n), official: ann))), Is.EqualTo(new[] { "", "", "", "operator_subjects", "" }));
        Assert.That(new[] { 3, 1, 2 }.Select(n => Reason(Ask(Plain(n), official: bob))), Is.EqualTo(new[] { "", "", "operator_subjects" }));
        Assert.That(Reason(Ask(Plain(4))), Is.Empty, "nobody named");
        Assert.That(Reason(Ask(Plain(4), department: Housing, official: new SubjectKey(3, 3))), Is.Empty);

        Restart(save: true);
        Assert.That(Reason(Ask(Plain(5), official: ann)), Is.EqualTo("operator_subjects"), "kept over a restart");
        _time.Advance(TimeSpan.FromHours(24));
        Assert.That(Reason(Ask(Plain(5), official: ann)), Is.Empty);
    }

    [Test]
    public void Spend_SubjectsThatOneOfficialMissed_CountForManyOfTheirs()
    {
        (_options.OperatorSubjectsMax, _options.MissWeight) = (41, 20);
        var (ann, bob) = (new SubjectKey(1, 1), new SubjectKey(2, 2));
        foreach (var number in new[] { 1, 2, 1 })
        {
            Ask(Plain(number), official: ann);
            _budgets.Missed(Tax, "audit", _keys.Of(Plain(number)), ann);
        }

        Assert.That(new[] { 3, 4 }.Select(n => Reason(Ask(Plain(n), official: ann))), Is.EqualTo(new[] { "", "operator_subjects" }));
        Assert.That(new[] { 3, 4 }.Select(n => Reason(Ask(Plain(n), official: bob))), Is.All.Empty);
    }

    [Test]
    public void Spend_RequestsOfOneOfficial_AreFreeAgainAfterAMinute()
    {
        _options.OperatorRequestsPerMinuteMax = 2;
        var (ann, bob) = (new SubjectKey(1, 1), new SubjectKey(2, 2));
        Assert.That(new[] { ann, ann, ann, bob }.Select(official => Reason(Ask(Plain(1), official: official))), Is.EqualTo(new[] { "", "", "operator_requests", "" }));
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.That(Reason(Ask(Plain(1), official: ann)), Is.Empty);
    }

    [Test]
    public void Restart_AfterASave_KnowsWhatWasSpent()
    {
        (_options.SubjectsMax, _options.NeighboursMax, _options.SubjectsPerCaseMax, _options.MissWeight) = (100, 2, 2, 96);
        Spend(Resident(1), Resident(2));
        Ask(Plain(1), caseId: "long");
        Ask(Plain(2), caseId: "long");
        Restart(save: true);

        Assert.That(Spend(Resident(3)), Is.EqualTo(new[] { "neighbours" }));
        Assert.That(Reason(Ask(Plain(3), caseId: "long")), Is.EqualTo("case"));
        _budgets.Missed(Tax, "audit", _keys.Of(Plain(1)), official: default);
        Restart(save: true);
        Assert.That(Spend(Plain(4), Plain(5)), Is.EqualTo(new[] { "", "subjects" }));
    }

    [Test]
    public void Restart_FileDamagedAtAnyByte_BeginsAnewAndNeverFails()
    {
        _options.SubjectsMax = 1;
        Spend(Plain(1));
        Restart(save: true);
        var file = Directory.GetFiles(_options.Folder).Single();
        var whole = File.ReadAllBytes(file);
        for (var at = 0; at < whole.Length; at++)
        {
            var damaged = whole.ToArray();
            damaged[at] ^= 1;
            File.WriteAllBytes(file, damaged);
            Restart();
            Assert.That(Spend(Plain(2)), Is.EqualTo(new[] { "" }), $"byte {at}");
        }
    }

    [Test]
    public void Save_OfAResident_HoldsNothingOfTheNumber()
    {
        Spend(Resident(1));
        Restart(save: true);

        var file = Directory.GetFiles(_options.Folder).Single();
        Assert.That(File.ReadAllText(file, System.Text.Encoding.Latin1), Does.Not.Contain(Resident(1).Value[..6]));
        if (!OperatingSystem.IsWindows())
            Assert.That(File.GetUnixFileMode(file), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Test]
    public void SipHash_OfThePublishedVector_IsThePublishedOne() =>
        Assert.That(NeighbourKeys.SipHash(0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908, 0x0706_0504_0302_0100), Is.EqualTo(0x93f5_f579_9a93_2462));

    private static Identifier Plain(int number) => new("coins", $"C{number:D6}");

    private static Identifier Resident(int sequence, string prefix = "11010518901231") => new(CnResidentScheme.SchemeName, $"{prefix}{sequence:D3}0");

    private static string Reason(ExchangeError? error) => error?.Metadata["budget"] ?? "";

    private string[] Spend(params Identifier[] identifiers) => [.. identifiers.Select(identifier => Reason(Ask(identifier)))];

    private ExchangeError? Ask(
        Identifier identifier, string? caseId = null, string purpose = "audit", DepartmentId? department = null, SubjectKey official = default) =>
        _budgets.Spend(department ?? Tax, purpose, caseId ?? $"{++_cases}", identifier, _keys.Of(identifier), official, _time.GetUtcNow());

    private void Restart(bool save = false)
    {
        var options = Options.Create(_options);
        var folder = new BudgetFolder(options, NullLogger<BudgetFolder>.Instance);
        if (save)
        {
            using var saving = new BudgetSaving(_budgets, folder, options, _time, NullLogger<BudgetSaving>.Instance);
            saving.Save();
        }

        _budgets = new Budgets(_keys, options, folder, NullLogger<Budgets>.Instance);
    }
}

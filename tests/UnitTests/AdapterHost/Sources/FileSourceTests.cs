using DataExchange.Adapter;
using DataExchange.AdapterHost.Sources;
using DataExchange.Contracts;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using NUnit.Framework;

namespace DataExchange.UnitTests.AdapterHost.Sources;

internal sealed class FileSourceTests
{
    private const string Header = "id,former,kind,title,state,founded,address\n";
    private const string First = "AB1,17,,Alpha,A,01.02.1990,High Street 1\n";
    private const string Second = " ab2 ,,,\"Beta, \"\"the\"\" second\",D,,\n";

    private static readonly string[] Alpha = ["body:AB1/address=located", "body:AB1/founded=1990-02-01", "body:AB1/state=active", "body:AB1/title=Alpha", "body:AB1~old:17"];
    private static readonly string[] Beta = ["body:AB2/state=dissolved", "body:AB2/title=Beta, \"the\" second"];

    [Test]
    public async Task Read_FirstTime_StatesEveryFilledCellAndLink()
    {
        await using var department = new Department();
        department.Write("a.csv", Header + First + Second + "AB3,,test,Left out,A,,\n");

        await department.ReadAsync();

        Assert.That(department.Hub.Facts, Is.EqualTo(Alpha.Concat(Beta)));
        Assert.That(department.Status.Problem, Is.Null);
    }

    [Test]
    public async Task Read_SameRowsInAnotherOrder_StatesNothing()
    {
        await using var department = new Department();
        department.Write("a.csv", Header + First + Second);
        await department.ReadAsync();

        department.Write("a.csv", Header + Second + First);
        var again = await department.ReadAsync();
        await department.RestartAsync();
        department.Write("a.csv", Header + First + Second);
        var afterRestart = await department.ReadAsync();

        Assert.That((again, afterRestart), Is.EqualTo((0, 0)));
        Assert.That(department.Status.Last!.Rows, Is.EqualTo(2), "it was read");
    }

    [Test]
    public async Task Read_ChangedRow_StatesWhatChangedOnly()
    {
        await using var department = new Department();
        department.Write("a.csv", Header + First);
        await department.ReadAsync();

        department.Write("a.csv", Header + "AB1,18,,Alpha,D,,High Street 1\n");
        var changes = await department.ReadAsync();

        Assert.That(changes, Is.EqualTo(4), "unlink, link, state, founded");
        Assert.That(department.Hub.Facts, Is.EqualTo(new[] { "body:AB1/address=located", "body:AB1/state=dissolved", "body:AB1/title=Alpha", "body:AB1~old:18" }));
    }

    [Test]
    public async Task Read_RemovedRow_WithdrawsAllOfItAndOnlyOnce()
    {
        await using var department = new Department(SampleFile.Yaml + "    withdraw_percent_max: 50\n");
        department.Write("a.csv", Header + First + Second);
        await department.ReadAsync();

        department.Write("a.csv", Header + Second);
        var withdrawn = await department.ReadAsync();
        department.Write("a.csv", Header + Second);
        var again = await department.ReadAsync();

        Assert.That((withdrawn, again), Is.EqualTo((5, 0)));
        Assert.That(department.Hub.Facts, Is.EqualTo(Beta));

        department.Write("a.csv", Header + Second + First);
        await department.ReadAsync();
        Assert.That(department.Hub.Facts, Is.EqualTo(Alpha.Concat(Beta)), "it came back");
    }

    [Test]
    public async Task Read_FileThatShrank_StopsUntilSomebodyAccepts()
    {
        await using var department = new Department();
        department.Write("a.csv", Header + First + Second);
        await department.ReadAsync();
        department.Write("a.csv", Header + Second);

        var stopped = await Assert.ThrowsAsync<SourceStoppedException>(() => department.ReadAsync());
        Assert.That(stopped!.Message, Does.Contain("1 of 2 subjects are gone, more than 20 %").And.Contain("dx-adapter accept --config FILE --source bodies"));
        await Assert.ThrowsAsync<SourceStoppedException>(() => department.ReadAsync(), "it goes on asking");
        Assert.That(department.Hub.Facts, Is.EqualTo(Alpha.Concat(Beta)), "nothing was withdrawn");

        await File.WriteAllBytesAsync(SourceReader.AcceptancePathOf(department.StateFolder, "bodies"), []);
        await department.ReadAsync();

        Assert.That(department.Hub.Facts, Is.EqualTo(Beta));
        Assert.That(department.Status.Problem, Is.Null);
        Assert.That(File.Exists(SourceReader.AcceptancePathOf(department.StateFolder, "bodies")), Is.False, "accepted once");
    }

    [Test]
    public async Task Read_FileThatIsWholeAgain_GoesOnByItself()
    {
        await using var department = new Department();
        department.Write("a.csv", Header + First + Second);
        await department.ReadAsync();
        department.Write("a.csv", Header);
        await Assert.ThrowsAsync<SourceStoppedException>(() => department.ReadAsync());

        department.Write("a.csv", Header + First + Second);

        Assert.That(await department.ReadAsync(), Is.Zero);
        Assert.That(department.Status.Problem, Is.Null);
    }

    [Test]
    public async Task Read_BadRowsAndCells_AreNamedByPlaceAndDoNotStopTheRest()
    {
        await using var department = new Department();
        department.Write("a.csv", Header + "nobody,,,secret-1,A,,\n" + "AB1,x-secret-2,,Alpha,Z-secret-3,1990-13-45,\n" + "AB5,short\n" + First + Second);

        await department.ReadAsync();

        var last = department.Status.Last!;
        Assert.That((last.Rows, last.RowsRefused, last.CellsRefused), Is.EqualTo((5, 3, 3)));
        Assert.That(last.Named.Select(refusal => refusal.ToString()), Is.EqualTo(new[]
        {
            "row 2, column id: must be valid in scheme body",
            "row 3, column former: must be valid in scheme old",
            "row 3, column state: must be one of the declared codes",
            "row 3, column founded: must be a day as dd.MM.yyyy",
            "row 4, column -: must have as many columns as the first row",
            "row 5, column id: must not be that of a row before it: one row a subject",
        }));
        Assert.That(department.Hub.Facts, Is.EqualTo(Beta.Prepend("body:AB1/title=Alpha")));
    }

    [Test]
    public async Task Read_CellThatWentBad_LeavesWhatWasPublished()
    {
        await using var department = new Department();
        department.Write("a.csv", Header + First);
        await department.ReadAsync();

        department.Write("a.csv", Header + "AB1,17?,,Alpha 2,?,?,High Street 1\n");
        await department.ReadAsync();

        Assert.That(department.Hub.Facts, Is.EqualTo(Alpha.Select(fact => fact.Replace("title=Alpha", "title=Alpha 2", StringComparison.Ordinal))));
        Assert.That(department.Status.Last!.CellsRefused, Is.EqualTo(3));
    }

    [Test]
    public async Task Read_RowWhoseMomentWentBad_LeavesWhatWasPublished()
    {
        await using var department = new Department(SampleFile.Yaml + "    as_of: {column: since}\n    withdraw_percent_max: 100\n");
        department.Write("a.csv", "id,former,kind,title,state,founded,address,since\nAB1,,,Alpha,,,,2026-01-01T00:00:00Z\nAB2,,,Beta,,,,2026-01-01T00:00:00Z\n");
        await department.ReadAsync();

        department.Write("a.csv", "id,former,kind,title,state,founded,address,since\nAB1,,,Alpha 2,,,,yesterday\n");
        await department.ReadAsync();

        Assert.That(department.Hub.Facts, Is.EqualTo(new[] { "body:AB1/title=Alpha" }), "the other one is gone");
        Assert.That(department.Status.Last!.RowsRefused, Is.EqualTo(1));
    }

    [TestCase("AB2?,,,Beta,D,,\n")]
    [TestCase(",,,Beta,D,,\n")]
    [TestCase("AB2,,,Beta\n")]
    public async Task Read_RowThatDoesNotSayWhoseItIs_WithdrawsNothingUnlessAccepted(string row)
    {
        await using var department = new Department(SampleFile.Yaml + "    withdraw_percent_max: 100\n");
        department.Write("a.csv", Header + First + Second);
        await department.ReadAsync();

        department.Write("a.csv", Header + "AB9,,,New,,,\n" + First + row);
        var stopped = await Assert.ThrowsAsync<SourceStoppedException>(() => department.ReadAsync());

        Assert.That(stopped!.Message, Does.Contain("1 of 2 subjects are gone, and 1 rows that were refused do not say whose they are"));
        Assert.That(department.Hub.Facts, Is.EqualTo(Alpha.Concat(Beta).Append("body:AB9/title=New")), "what came is published");

        await File.WriteAllBytesAsync(SourceReader.AcceptancePathOf(department.StateFolder, "bodies"), []);
        await department.ReadAsync();
        Assert.That(department.Hub.Facts, Is.EqualTo(Alpha.Append("body:AB9/title=New")));
    }

    [Test]
    public async Task Read_LinkToTheSubjectItself_IsNotStated()
    {
        await using var department = new Department(SampleFile.Yaml.Replace("{column: former, scheme: old}", "{column: former, scheme: body}", StringComparison.Ordinal));
        department.Write("a.csv", Header + "AB1, ab1,,Alpha,,,\nAB2,AB1,,Beta,,,\n");

        await department.ReadAsync();

        Assert.That(department.Hub.Facts, Is.EqualTo(new[] { "body:AB1/title=Alpha", "body:AB2/title=Beta", "body:AB2~body:AB1" }));
        Assert.That(department.Status.Last!.CellsRefused, Is.Zero);
    }

    [Test]
    public async Task Read_AcceptedFileThatIsAsBefore_AcceptsNothingLater()
    {
        await using var department = new Department();
        department.Write("a.csv", Header + First + Second);
        var written = File.GetLastWriteTimeUtc(department["a.csv"]);
        await department.ReadAsync();
        department.Write("a.csv", Header + Second);
        await Assert.ThrowsAsync<SourceStoppedException>(() => department.ReadAsync());
        Assert.That(File.Exists(SourceReader.QuestionPathOf(department.StateFolder, "bodies")), "it asks");

        await File.WriteAllBytesAsync(SourceReader.AcceptancePathOf(department.StateFolder, "bodies"), []);
        department.Write("a.csv", Header + First + Second);
        File.SetLastWriteTimeUtc(department["a.csv"], written);
        await department.ReadAsync();
        Assert.That(File.Exists(SourceReader.QuestionPathOf(department.StateFolder, "bodies")), Is.False);

        department.Write("a.csv", Header + Second);
        await Assert.ThrowsAsync<SourceStoppedException>(() => department.ReadAsync(), "it asks anew");
    }

    [TestCase("id,former,kind,title,state,founded\n", "has no column address")]
    [TestCase("id,former,kind,title,state,founded,address,id\n", "twice")]
    public async Task Read_WrongColumns_StopTheSource(string header, string reason)
    {
        await using var department = new Department();
        department.Write("a.csv", header + "AB1,,,Alpha,A,,\n");

        Assert.That((await Assert.ThrowsAsync<SourceStoppedException>(() => department.ReadAsync()))!.Message, Does.Contain(reason));
    }

    [Test]
    public async Task Read_NoFile_IsAProblemAndWithdrawsNothing()
    {
        await using var department = new Department();
        department.Write("a.csv", Header + First);
        await department.ReadAsync();

        File.Delete(department["a.csv"]);

        Assert.That((await Assert.ThrowsAsync<SourceStoppedException>(() => department.ReadAsync()))!.Message, Does.Contain("no file of its folder"));
        Assert.That(department.Hub.Facts, Is.EqualTo(Alpha));
    }

    [Test]
    public async Task Read_MappingChanged_StatesWhatNowMeansSomethingElse()
    {
        await using var department = new Department();
        department.Write("a.csv", Header + First);
        await department.ReadAsync();

        await department.RestartAsync(SampleFile.Yaml.Replace("A: active", "A: alive", StringComparison.Ordinal));

        Assert.That(await department.ReadAsync(), Is.EqualTo(1));
        Assert.That(department.Hub.Facts, Does.Contain("body:AB1/state=alive"));
    }

    [Test]
    public async Task Read_TwoFiles_AreOneWholeUnlessTheNewestCounts([Values] bool newest)
    {
        await using var department = new Department(SampleFile.Yaml.Replace("quiet:", $"newest: {(newest ? "true" : "false")}, quiet:", StringComparison.Ordinal));
        department.Write("2026-01.csv", Header + First);
        department.Write("2026-02.csv", Header + Second);

        await department.ReadAsync();

        Assert.That(department.Hub.Facts, Is.EqualTo(newest ? Beta : Alpha.Concat(Beta)));
    }

    [TestCase(0, HealthStatus.Healthy)]
    [TestCase(1, HealthStatus.Degraded)]
    public async Task Health_LogKeptForASource_IsDegradedAboveTheLimit(long above, HealthStatus expected)
    {
        await using var department = new Department();
        department.Status.LagBytes = SourcesHealthCheck.LagBytesMax + above;

        var health = await new SourcesHealthCheck(department.Sources.Readers).CheckHealthAsync(new HealthCheckContext());

        Assert.That(health.Status, Is.EqualTo(expected), health.Description);
    }

    [Test]
    public async Task Fetch_LocatedAttribute_AnswersTheLastReading()
    {
        await using var department = new Department(SampleFile.Yaml + "    withdraw_percent_max: 100\n");
        department.Write("a.csv", Header + First + Second);
        await department.ReadAsync();
        var before = await FetchAsync(department, "AB1", "AB2", "AB9");

        department.Write("a.csv", Header + "AB1,17,,Alpha,A,01.02.1990,Low Street 2\n");
        await department.ReadAsync();
        var after = await FetchAsync(department, "AB1", "AB2");

        Assert.That(before, Is.EqualTo(new[] { "High Street 1", null, null }));
        Assert.That(after, Is.EqualTo(new[] { "Low Street 2", null }));
    }

    [Test]
    public async Task Read_MemoryOlderThanTheOutbox_IsRefused()
    {
        await using var department = new Department();
        department.Write("a.csv", Header + First);
        await department.ReadAsync();
        department.Hub.Checkpoint = "7";

        Assert.That((await Assert.ThrowsAsync<IOException>(() => department.ReadAsync()))!.Message, Does.Contain("is older than the outbox"));
    }

    [Test]
    public async Task Read_OutboxSetBack_StatesEverythingAnew()
    {
        await using var department = new Department();
        department.Write("a.csv", Header + First + Second);
        await department.ReadAsync();
        department.Hub.Checkpoint = null;

        Assert.That(await department.ReadAsync(), Is.EqualTo(Alpha.Length + Beta.Length));
    }

    private static async Task<List<string?>> FetchAsync(Department department, params string[] subjects)
    {
        var values = await department.Sources.Live.FetchAsync(
            [.. subjects.Select(subject => new LiveItem(new Identifier(SampleFile.Scheme, subject), "address"))], new LiveFetchContext("a", "b", "c", "d", "e"), CancellationToken.None);
        return [.. values.Select(value => value.Result.Found?.Value.Text)];
    }
}

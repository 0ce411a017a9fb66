using DataExchange.Adapter;
using DataExchange.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Adapter;

[TestFixture]
internal sealed class ChangePumpTests
{
    private readonly FakeLogger<ChangePump> _logger = new();
    private FakeTimeProvider _time = null!;
    private TempFolder _folder = null!;
    private Outbox _outbox = null!;
    private ScriptedSource _source = null!;
    private AdapterProgress _progress = null!;
    private AdapterStatus _status = null!;
    private ChangePump? _pump;

    [SetUp]
    public void SetUp()
    {
        _time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        _folder = new TempFolder();
        _outbox = Outbox.Open(_folder["outbox.db"], Sample.Department);
        _outbox.OfferEverything();
        _source = new ScriptedSource();
        _progress = new AdapterProgress();
        _status = new AdapterStatus();
        _logger.Collector.Clear();
    }

    [TearDown]
    public async Task TearDown()
    {
        if (_pump is not null)
            await _pump.StopAsync(CancellationToken.None);
        _pump?.Dispose();
        _pump = null;
        _outbox.Dispose();
        _folder.Dispose();
    }

    [TestCase(250, new[] { 100, 100, 50 })]
    [TestCase(100, new[] { 100 })]
    [TestCase(1, new[] { 1 })]
    public async Task Source_GivesAllAtOnce_IsPackedByCountAndStoredWithItsCheckpoint(int changes, int[] sizes)
    {
        _source.Add(changes);

        await StartAsync();
        await ExhaustedAsync();

        Assert.That(Sizes(), Is.EqualTo(sizes));
        Assert.That(_outbox.SourceCheckpoint, Is.EqualTo($"{changes}"));
        Assert.That(Sample.All(_outbox).SelectMany(b => b.Parse().Changes), Is.EqualTo(Enumerable.Range(1, changes).Select(n => Sample.Change(n))));
    }

    [Test]
    public async Task Source_GivesLargeChanges_IsPackedBySize()
    {
        _source.Add(10, padding: 3_000);

        await StartAsync(options => options.BatchBytesMax = 8 * 1024);
        await ExhaustedAsync();

        Assert.That(Sizes(), Is.EqualTo(new[] { 2, 2, 2, 2, 2 }));
        Assert.That(Sample.All(_outbox).Max(b => b.Payload.Length), Is.LessThanOrEqualTo(8 * 1024));
    }

    [Test]
    public async Task Source_WaitsWithAFewChangesGiven_TheyAreStoredWhenTheyHaveLingered()
    {
        _source.Waits = true;
        _source.Add(3);
        await StartAsync();

        await _source.WaitingAsync();

        _time.Advance(TimeSpan.FromMilliseconds(19));
        Assert.That(_outbox.LastSequence, Is.Zero);
        await AdvanceUntilAsync("the three are stored", () => _outbox.LastSequence == 3, TimeSpan.FromMilliseconds(1));
        Assert.That(Sizes(), Is.EqualTo(new[] { 3 }));
    }

    [Test]
    public async Task Source_Ended_IsReadAgainFromTheStoredCheckpointAfterThePollInterval()
    {
        _source.Add(2);
        await StartAsync();
        await ExhaustedAsync();
        _source.Add(3);

        await AdvanceUntilAsync("five changes are stored", () => _outbox.LastSequence == 5, TimeSpan.FromSeconds(1));

        Assert.That(_source.Readings.Take(2), Is.EqualTo(new[] { null, "2" }));
        Assert.That(_outbox.SourceCheckpoint, Is.EqualTo("5"));
    }

    [Test]
    public async Task FirstReading_AllButItsLastBatch_AreLoadingWhateverComesBetween()
    {
        _source.Add(150);
        _source.OnGive = number =>
        {
            if (number == 120)
                throw new InvalidDataException();
        };
        await StartAsync();
        await Eventually.Async("the pump has said so", () => _status.SourceProblem is not null);
        await _pump!.StopAsync(CancellationToken.None);
        Assert.That(_outbox.Loaded, Is.False);

        _source.OnGive = null;
        await StartAsync();
        await ExhaustedAsync();
        _source.Add(110);
        await AdvanceUntilAsync("all is stored", () => _outbox.LastSequence == 260, TimeSpan.FromSeconds(1));

        Assert.That(Sample.All(_outbox).Select(b => ((int)b.LastSequence, b.Parse().Loading)), Is.EqualTo(new[] { (100, true), (119, true), (150, false), (250, false), (260, false) }));
        Assert.That(_outbox.Loaded);
    }

    [Test]
    public async Task FirstReading_OfAnEmptySource_EndsTheLoad()
    {
        await StartAsync();
        await ExhaustedAsync();

        Assert.That(_outbox.Loaded);
    }

    [Test]
    public async Task Source_BreaksTheContract_EverythingBeforeIsStoredNothingBehindAndTheRuleIsNamed()
    {
        _source.Add(150);
        var wrong = Sample.Change(121);
        wrong.Set.Value = null;
        _source.Replace(121, wrong);

        await StartAsync();
        await Eventually.Async("the pump has said so", () => _status.SourceProblem is not null);
        await AdvanceUntilAsync("it was tried again", () => _source.Readings.Count >= 4, TimeSpan.FromSeconds(30));

        Assert.That((_outbox.LastSequence, _outbox.SourceCheckpoint, _status.SourceRefused), Is.EqualTo((120UL, "120", true)));
        Assert.That(_status.SourceProblem, Is.EqualTo("The change after sequence 120: set.value must be present for a held attribute"));
        Assert.That(_logger.Collector.GetSnapshot().Select(r => r.Id.Name), Has.Some.EqualTo("ChangeRefused"));

        _source.Replace(121, Sample.Change(121));
        await AdvanceUntilAsync("it goes on once it is mended", () => _outbox.LastSequence == 150, TimeSpan.FromSeconds(30));
        await Eventually.Async("and says so", () => _status is { SourceProblem: null, SourceRefused: false });
    }

    [Test]
    public async Task Source_ThrowsNowAndThen_NothingIsLostOrDoubled()
    {
        _source.Add(400);
        var failures = new HashSet<int> { 1, 77, 200, 201, 399 };
        _source.OnGive = number =>
        {
            if (failures.Remove(number))
                throw new InvalidDataException("person 7");
        };

        await StartAsync();
        await AdvanceUntilAsync("all is stored", () => _outbox.LastSequence >= 400, TimeSpan.FromSeconds(5));

        Assert.That(Sample.All(_outbox).SelectMany(b => b.Parse().Changes), Is.EqualTo(Enumerable.Range(1, 400).Select(n => Sample.Change(n))));
        Assert.That(_logger.Collector.GetSnapshot().Select(r => r.Message), Has.None.Contains("person 7"));
    }

    [Test]
    public async Task Outbox_AtItsLimit_TheSourceIsNotReadUntilSomeIsTrimmedAndNothingIsDropped()
    {
        _source.Add(1_000, padding: 4_000);
        await StartAsync(options => options.OutboxBytesMax = 1_048_576);
        await Eventually.Async("the pump has stopped", () => _status.OutboxFull);

        var stored = _outbox.LastSequence;
        Assert.That(stored, Is.InRange(250UL, 400UL));
        _outbox.Trim(stored, stored, 0);

        await Eventually.Async("the pump goes on", () => _outbox.LastSequence > stored);
        await AdvanceUntilAsync(
            "all is stored",
            () =>
            {
                _outbox.Trim(_outbox.LastSequence, _outbox.LastSequence, 0);
                return _progress.Figures.SourceExhausted;
            },
            TimeSpan.FromSeconds(1));
        Assert.That((_outbox.LastSequence, _outbox.SourceCheckpoint), Is.EqualTo((1_000UL, "1000")));
    }

    [Test]
    public async Task Outbox_CannotBeWrittenForAWhile_NothingIsLostOrDoubled()
    {
        _source.Add(250);
        Execute("CREATE TRIGGER full BEFORE INSERT ON batch WHEN NEW.first_sequence > 100 BEGIN SELECT RAISE(ABORT, 'person 7'); END");
        await StartAsync(options => options.BatchesPerTransactionMax = 1);
        await Eventually.Async("the pump has said so", () => _status.SourceProblem is not null);
        Assert.That((_outbox.LastSequence, _outbox.SourceCheckpoint), Is.EqualTo((100UL, "100")));

        Execute("DROP TRIGGER full");
        await AdvanceUntilAsync("all is stored", () => _outbox.LastSequence == 250, TimeSpan.FromSeconds(30));

        Assert.That(Sample.All(_outbox).SelectMany(b => b.Parse().Changes), Is.EqualTo(Enumerable.Range(1, 250).Select(n => Sample.Change(n))));
        Assert.That(_logger.Collector.GetSnapshot().Select(r => $"{r.Message} {r.Exception}"), Has.None.Contains("person 7"));
    }

    [Test]
    public async Task Outbox_Reopened_GoesOnBehindTheStoredCheckpoint()
    {
        _source.Add(5);
        Sample.Fill(_outbox, 3);

        await StartAsync();
        await ExhaustedAsync();

        Assert.That(_source.Readings[0], Is.EqualTo("3"));
        Assert.That(Sizes(), Is.EqualTo(new[] { 3, 2 }));
    }

    [Test]
    public async Task Stop_WithChangesPacked_StoresThem()
    {
        _source.Waits = true;
        _source.Add(3);
        await StartAsync();
        await _source.WaitingAsync();

        await _pump!.StopAsync(CancellationToken.None);

        Assert.That(_outbox.LastSequence, Is.EqualTo(3UL));
    }

    [Test]
    public async Task CurrentAsOf_AfterAReading_IsItsBeginning()
    {
        var begun = _time.GetUtcNow();
        _source.Add(2);
        _source.OnGive = _ => _time.Advance(TimeSpan.FromMinutes(1));

        await StartAsync();
        await ExhaustedAsync();

        Assert.That(_status.CurrentAsOf, Is.EqualTo(begun));
    }

    private async Task StartAsync(Action<DepartmentAdapterOptions>? change = null)
    {
        _pump = new ChangePump(_source, new ChangeRules([Sample.Held], [Sample.Located], Sample.Key()), _outbox, Sample.Options(change), _progress, _status, _time, _logger);
        await _pump.StartAsync(CancellationToken.None);
    }

    private Task<AdapterFigures> ExhaustedAsync() => _progress.WhenAsync(f => f.SourceExhausted, CancellationToken.None).WaitAsync(Eventually.DefaultTimeout);

    private Task AdvanceUntilAsync(string what, Func<bool> holds, TimeSpan step) => Eventually.Async(what, () =>
    {
        if (holds())
            return true;
        _time.Advance(step);
        return false;
    });

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={_folder["outbox.db"]};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private IEnumerable<int> Sizes() => Sample.All(_outbox).Select(b => (int)b.Count);
}

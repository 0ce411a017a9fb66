using DataExchange.Adapter;
using DataExchange.Contracts;
using DataExchange.Hosting;
using DataExchange.Testing;
using DataExchange.UnitTests.Adapter;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;
using FakeHub = DataExchange.Testing.FakeHub;

namespace DataExchange.UnitTests.Testing;

/// <summary>The public fake hub with a whole adapter, as a department's own tests use it.</summary>
internal sealed class FakeHubTests
{
    private static readonly FakeCatalogue Catalogue = new(Sample.Department.Value)
    {
        Schemes = [new DeclaredScheme("person", "[a-z0-9]+", null, SchemeNormalization.Trim)],
        Attributes = [new(Sample.Held, Wire.ValueType.Text), new(Sample.Located, Wire.ValueType.Text, Wire.Holding.Located)],
        LinkRights = [("person", "cn-resident")],
    };

    private ScriptedSource _source = null!;
    private FakeHub _hub = null!;
    private WebApplication _adapter = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _source = new ScriptedSource();
        _hub = await FakeHub.StartAsync(Catalogue);
        _adapter = await StartAdapterAsync();
    }

    [TearDown]
    public async Task StopAsync()
    {
        await StopAdapterAsync();
        await _hub.DisposeAsync();
    }

    [Test]
    public async Task Current_AfterEachAddition_HoldsWhatTheSourceHas()
    {
        _source.Add(3);
        await _hub.CurrentAsync();
        Assert.That(_hub.Find(Person("3"), Sample.Held)?.Value?.Text, Is.EqualTo("3"));
        Assert.That(_hub.Find(Person("4"), Sample.Held), Is.Null);

        _source.Add(1);
        await _hub.CurrentAsync();
        Assert.That(_hub.Find(Person("4"), Sample.Held), Is.EqualTo(new HeldFact(new Wire.Value { Text = "4" }, ByteString.Empty, DateTimeOffset.FromUnixTimeSeconds(1_700_000_000), 4)));
        Assert.That(_hub.Changes.Select(change => change.Sequence), Is.EqualTo(new ulong[] { 1, 2, 3, 4 }));
        Assert.That((_hub.Refused.Count, _hub.State.Loading, _hub.State.Watermark), Is.EqualTo((0, false, 4UL)));
    }

    [Test]
    public async Task Current_AdditionOfThreeBatches_WaitsForTheLast()
    {
        await StopAdapterAsync();
        _adapter = await StartAdapterAsync(KeyValuePair.Create<string, string?>("Adapter:BatchesPerTransactionMax", "1"));
        _source.Add(3);
        await _hub.CurrentAsync();

        // Each batch leaves while the reading goes on.
        _source.OnGive = number => Assert.That(number is not (104 or 204) || SpinWait.SpinUntil(() => _hub.Changes.Count == number - 1, TimeSpan.FromSeconds(30)));
        _source.Add(250);
        await _hub.CurrentAsync();

        Assert.That(_hub.Changes, Has.Count.EqualTo(253));
    }

    [Test]
    public void Take_BatchOfAReading_LeavesTheMomentToTheHeartbeat()
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var index = new FakeIndex(new BatchJudge(Catalogue, KeyId.Of(key.ExportSubjectPublicKeyInfo()), key), new FakeTimeProvider(now));

        Take(1, now, Sample.Change(1));
        Assert.That((index.CurrentAsOf, index.State().Loading), Is.EqualTo(((DateTimeOffset?)null, false)), "the load has ended, and its moment is not known");
        Take(3, now);
        Assert.That(index.CurrentAsOf, Is.Null, "2 is missing");
        Take(2, now.AddSeconds(-5));
        Assert.That(index.CurrentAsOf, Is.EqualTo(now.AddSeconds(-5)));
        Take(2, now.AddDays(3));
        Assert.That(index.CurrentAsOf, Is.EqualTo(now), "a clock that is ahead");

        void Take(ulong first, DateTimeOffset packedAt, params Wire.Change[] changes) => index.Take(Broker.Ingest.IngestSamples.Sign(
            new Wire.ChangeBatch
            {
                Department = Catalogue.Department, StreamEpoch = ByteString.CopyFrom(new byte[16]), FirstSequence = first, PackedAt = packedAt.ToTimestamp(), Changes = { changes },
            },
            key));
    }

    [Test]
    public async Task Find_WhatNoDepartmentCouldState_IsAMistakeOfTheTest()
    {
        _source.Add(1);
        await _hub.CurrentAsync();

        Assert.That(_hub.Find(Person(" 1 "), Sample.Held), Is.Not.Null, "the form that its scheme makes canonical");
        Assert.That(() => _hub.Find(Person("1"), Sample.Held + "s"), Throws.ArgumentException);
        Assert.That(() => _hub.Find(Person("No 1"), Sample.Held), Throws.ArgumentException.And.Message.Not.Contains("No 1"));
        Assert.That(() => _hub.Find(new Identifier("passport", "1"), Sample.Held), Throws.ArgumentException);
        Assert.That(() => _hub.AreLinked(Person("1"), new Identifier("passport", "1")), Throws.ArgumentException);
    }

    [Test]
    public async Task Settings_AdapterWithASigningKeyOfItsOwn_SignsWithTheKeyThatTheHubKnows()
    {
        using var folder = new TempFolder();
        var own = DevelopmentCertificates.Create(folder.Path, "other.example", "hub-1", [Sample.Department]).Department(Sample.Department);
        await StopAdapterAsync();
        _adapter = await StartAdapterAsync(KeyValuePair.Create<string, string?>("Adapter:SigningKeyPath", own.KeyPath));
        _source.Add(1);
        await _hub.CurrentAsync();

        Assert.That((_hub.Changes.Count, _hub.Refused.Count), Is.EqualTo((1, 0)));
    }

    [Test]
    [NonParallelizable]
    public async Task Start_CatalogueThatNamesAnAttributeTwice_LeavesNoFolderBehind()
    {
        using var folder = new TempFolder();
        var before = Environment.GetEnvironmentVariable("TMPDIR");
        Environment.SetEnvironmentVariable("TMPDIR", folder.Path);
        try
        {
            await Assert.ThrowsAsync<ArgumentException>(() => FakeHub.StartAsync(Catalogue with { Attributes = [Catalogue.Attributes[0], Catalogue.Attributes[0]] }));
        }
        finally
        {
            Environment.SetEnvironmentVariable("TMPDIR", before);
        }

        Assert.That(Directory.EnumerateFileSystemEntries(folder.Path), Is.Empty);
    }

    [Test]
    public async Task Current_AdapterStartedAgain_GoesOnWithItsStream()
    {
        _source.Add(2);
        await _hub.CurrentAsync();
        await StopAdapterAsync();
        _source.Add(1);
        _adapter = await StartAdapterAsync();
        await _hub.CurrentAsync();

        Assert.That(_source.Readings, Does.Contain("2"), "it was read from its checkpoint on");
        Assert.That(_hub.Changes.Select(change => change.Change.Set.Value.Text), Is.EqualTo(["1", "2", "3"]));
    }

    [Test]
    public async Task Calls_OfTheHub_FetchAndReadBackWhatWasPublished()
    {
        _source.AddLocated("a1", "b2");
        await _hub.CurrentAsync();
        using var calls = _hub.Call(new Uri(_adapter.Urls.First()));

        var description = await calls.DescribeAsync();
        var found = await calls.FetchAsync(Person("b2"), Sample.Located);
        await Assert.ThrowsAsync<InvalidOperationException>(() => calls.FetchAsync(Person("zz"), Sample.Located));

        Assert.That((description.Department, description.LastSequence), Is.EqualTo((Sample.Department.Value, 2UL)));
        Assert.That(found.Found.Value.Text, Is.EqualTo($"person/b2/{Sample.Located}"));
        Assert.That(_hub.Find(Person("b2"), Sample.Located), Has.Property(nameof(HeldFact.Value)).Null);
    }

    [Test]
    public async Task Current_BatchThatBreaksTheCatalogue_TimesOutWithTheReason()
    {
        await StopAdapterAsync();
        await _hub.DisposeAsync();
        _hub = await FakeHub.StartAsync(Catalogue with { Attributes = [new(Sample.Held, Wire.ValueType.Integer), Catalogue.Attributes[1]] });
        _adapter = await StartAdapterAsync();
        _source.Add(1);

        var waited = await Assert.ThrowsAsync<TimeoutException>(() => _hub.CurrentAsync(TimeSpan.FromSeconds(10)));

        Assert.That(waited!.Message, Does.Contain("VALUE_REFUSED").And.Contain("changes[0].set.value must be of the type"));
        Assert.That(_hub.Refused[0], Is.EqualTo(new RefusedBatch(1, ErrorReasons.ValueRefused, "changes[0].set.value must be of the type that the catalogue declares for the attribute")));
        Assert.That(_hub.Changes, Is.Empty);
    }

    [Test]
    public void Take_StreamThatContradictsItself_IsQuarantined()
    {
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var index = new FakeIndex(new BatchJudge(Catalogue, KeyId.Of(key.ExportSubjectPublicKeyInfo()), key), TimeProvider.System);

        Assert.That(Take(1, "1").Result, Is.EqualTo(Wire.BatchResult.Applied));
        Assert.That(Take(1, "1").Result, Is.EqualTo(Wire.BatchResult.Duplicate));
        Assert.That(Take(3, "3"), Has.Property(nameof(Wire.PublishResponse.Watermark)).EqualTo(1UL), "2 is missing");
        Assert.That(index.State().Gaps.Single(), Is.EqualTo(new Wire.SequenceRange { First = 2, Last = 2 }));
        Assert.That(Take(1, "2").Reason, Is.EqualTo(ErrorReasons.SequenceRewritten.Name));
        Assert.That(Take(2, "2").Result, Is.EqualTo(Wire.BatchResult.Quarantined));

        Wire.PublishResponse Take(ulong first, string subject)
        {
            var change = Sample.Change(1);
            change.Set.Subject.Value = subject;
            var batch = new Wire.ChangeBatch
            {
                Department = Catalogue.Department, StreamEpoch = ByteString.CopyFrom(new byte[16]), FirstSequence = first, PackedAt = new Timestamp(), Changes = { change },
            };
            return index.Take(Broker.Ingest.IngestSamples.Sign(batch, key));
        }
    }

    private static Identifier Person(string value) => new("person", value);

    private async Task StopAdapterAsync()
    {
        await _adapter.StopAsync();
        await _adapter.DisposeAsync();
    }

    /// <param name="own">What the adapter's own configuration says, under the hub's settings.</param>
    private async Task<WebApplication> StartAdapterAsync(params KeyValuePair<string, string?>[] own)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection(own);
        builder.Configuration.AddInMemoryCollection(_hub.Settings);
        builder.Logging.ClearProviders();
        builder.AddDepartmentAdapter(options => (options.HeldAttributes, options.LocatedAttributes) = ([Sample.Held], [Sample.Located]))
            .AddChangeSource(_ => _source)
            .AddLiveSource(_ => new ScriptedLiveSource());
        var adapter = builder.Build().MapDepartmentAdapter();
        await adapter.StartAsync();
        return adapter;
    }
}

using CsCheck;
using DataExchange.Broker.Index;
using DataExchange.Broker.Index.Sealing;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Index.Sealing;

internal sealed class RowKeysTests
{
    private static readonly Gen<SubjectKey> Subjects = Gen.Select(Gen.ULong, Gen.ULong).Select((high, low) => new SubjectKey(high, low));

    private TempFolder _folder = null!;

    private NumberedKeyFiles Files => new(_folder.Path, RowKeys.Prefix);

    [SetUp]
    public void SetUp() => _folder = new TempFolder();

    [TearDown]
    public void TearDown() => _folder.Dispose();

    [Test]
    public void RowOf_AnySubject_LeadsBackAndIsNotTheSubjectsKey()
    {
        using var rows = Open(generations: 2);
        Subjects.Sample(subject =>
        {
            var (one, two) = (rows.RowOf(subject, 1), rows.RowOf(subject, 2));
            Assert.That(new[] { subject, one, two }, Is.Unique);
            Assert.That((rows.SubjectOf(one, 1), rows.SubjectOf(two, 2), rows.RowOf(subject, 0)), Is.EqualTo((subject, subject, subject)));
        }, iter: 20_000);
    }

    [Test]
    public void RowOf_UnknownGeneration_IsCorruption()
    {
        using var rows = Open(generations: 1);
        Assert.That(() => rows.RowOf(TestIndex.Ann, 2), Throws.TypeOf<IndexCorruptionException>());
    }

    [Test]
    public void Former_ThroughTheLifeOfARotation_IsWhatReadersAndWritersNeed()
    {
        using var rows = Open(generations: 1);
        Assert.That((rows.Current, rows.Former, rows.Unsettled), Is.EqualTo((1u, (uint[])[0], (uint[])[0])), "an index may be older than its keys");
        Files.Create();
        rows.TakeUp(rows.ReadNew());
        Assert.That((rows.Current, rows.Former, rows.Unsettled), Is.EqualTo((2u, (uint[])[1, 0], (uint[])[1, 0])));
        rows.Settle();
        Assert.That((rows.Former, rows.Unsettled), Is.EqualTo(((uint[])[1, 0], (uint[])[])), "a view may be older than the last move");
        rows.SettleAtStart();
        Assert.That(rows.Former, Is.Empty);
    }

    private RowKeys Open(int generations)
    {
        for (var i = 0; i < generations; i++)
            Files.Create();
        return RowKeys.LoadOrCreate(Files, mayCreate: false);
    }
}

using DataExchange.Broker.Accesses;
using DataExchange.Broker.Index.Sealing;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Accesses;

public sealed class AccessIndexTests
{
    private const string First = "9d8185bd97fd88e26841b97a00000001";
    private const string Second = "9d8185bd97fd88e26841b97a00000002";

    private static readonly Pseudonym Ann = Pseudonym.Read([.. Enumerable.Repeat((byte)1, Pseudonym.Size)]);
    private static readonly Pseudonym Bob = Pseudonym.Read([.. Enumerable.Repeat((byte)2, Pseudonym.Size)]);

    [Test]
    public void DropBefore_ALog_ForgetsThoseBeforeItAndNothingElse()
    {
        using var folder = new TempFolder();
        using var index = new AccessIndex(folder["accesses"]);
        index.Add([(Ann, 3), (Bob, 4), (Ann, 300)], First, 301);
        index.Add([(Bob, 0), (Ann, 7)], Second, 8);
        Assert.That(index.PlacesOf(First, Ann), Is.EqualTo(new ulong[] { 3, 300 }));
        Assert.That(index.PlacesOf(Second, Ann), Is.EqualTo(new ulong[] { 7 }));

        index.DropBefore(Second);

        Assert.That(index.PlacesOf(First, Ann).Concat(index.PlacesOf(First, Bob)), Is.Empty);
        Assert.That(index.PlacesOf(Second, Ann), Is.EqualTo(new ulong[] { 7 }));
        Assert.That(index.PlacesOf(Second, Bob), Is.EqualTo(new ulong[] { 0 }));
        Assert.That(index.Position, Is.EqualTo((Second, 8UL)));
    }
}

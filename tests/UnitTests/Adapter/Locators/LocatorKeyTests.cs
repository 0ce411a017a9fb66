using System.Runtime.Versioning;
using CsCheck;
using DataExchange.Adapter;
using DataExchange.Contracts;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Adapter;

[TestFixture]
internal sealed class LocatorKeyTests
{
    private static readonly LocatorKey Key = Sample.Key();

    [Test]
    public void Seal_AnyIdentifier_OpensToItAndNeverShowsIt() =>
        Sample.Identifier.Sample(identifier =>
        {
            var locator = Key.Seal(identifier.Scheme, identifier.Value);
            Assert.That(Key.TryOpen(locator, out var opened));
            Assert.That((opened.Scheme, opened.Value), Is.EqualTo((identifier.Scheme, identifier.Value)));
            Assert.That(locator, Has.Length.LessThanOrEqualTo(WireLimits.LocatorBytesMax));
            Assert.That(Key.Seal(identifier.Scheme, identifier.Value), Is.EqualTo(locator), "the same identifier gives the same locator");
            Assert.That(Sample.Key(8).TryOpen(locator, out _), Is.False, "another department's key");
        });

    [Test]
    public void Seal_TwoIdentifiers_GiveTwoLocatorsAndTwoNonces() =>
        Gen.Select(Sample.Identifier, Sample.Identifier).Where((a, b) => !a.Equals(b)).Sample((a, b) =>
            !Key.Seal(a.Scheme, a.Value).AsSpan(1, 12).SequenceEqual(Key.Seal(b.Scheme, b.Value).AsSpan(1, 12)));

    [Test]
    public void TryOpen_AnyByteChangedOrCut_IsRefused() =>
        Gen.Select(Sample.Identifier, Gen.Int[0, 1_000], Gen.Byte[1, 255]).Sample((identifier, place, flip) =>
        {
            var locator = Key.Seal(identifier.Scheme, identifier.Value);
            place %= locator.Length;
            var cut = locator[..place];
            locator[place] ^= flip;
            return !Key.TryOpen(locator, out _) && !Key.TryOpen(cut, out _);
        });

    [Test]
    public void TryOpen_AnyBytes_NeverThrows() => Gen.Byte.Array[0, 400].Sample(bytes => !Key.TryOpen(bytes, out _));

    [Test]
    public void Seal_LongestIdentifier_IsALocatorOfTheLimit()
    {
        var value = new string('1', LocatorKey.IdentifierBytesMax - 6);

        Assert.That(Key.Seal("person", value), Has.Length.EqualTo(WireLimits.LocatorBytesMax));
        Assert.That(() => Key.Seal("person", value + "1"), Throws.ArgumentException);
    }

    [Test, Platform(Exclude = "Win"), UnsupportedOSPlatform("windows")]
    public void Open_NoFile_MakesOneForTheOwnerOnlyAndKeepsIt()
    {
        using var folder = new TempFolder();
        var path = folder["locator.key"];

        var made = LocatorKeyFile.Open(path).Seal("person", "1");

        Assert.That(LocatorKeyFile.Open(path).Seal("person", "1"), Is.EqualTo(made));
        Assert.That(File.GetUnixFileMode(path), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        Assert.That(Directory.GetFiles(folder.Path), Has.Length.EqualTo(1));
    }

    [Test, Platform(Exclude = "Win"), UnsupportedOSPlatform("windows")]
    public void Open_FileOthersCanRead_IsRefused()
    {
        using var folder = new TempFolder();
        LocatorKeyFile.Open(folder["locator.key"]);
        File.SetUnixFileMode(folder["locator.key"], UnixFileMode.UserRead | UnixFileMode.GroupRead);

        Assert.That(() => LocatorKeyFile.Open(folder["locator.key"]), Throws.InvalidOperationException);
    }

    [Test]
    public void Open_FileCutShort_IsRefused()
    {
        using var folder = new TempFolder();
        LocatorKeyFile.Open(folder["locator.key"]);
        using (var file = new FileStream(folder["locator.key"], FileMode.Open))
            file.SetLength(31);

        Assert.That(() => LocatorKeyFile.Open(folder["locator.key"]), Throws.InvalidOperationException);
    }
}

using System.Runtime.Versioning;
using DataExchange.Broker.Index.Sealing;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Index.Sealing;

internal sealed class WrappingKeysTests
{
    private TempFolder _folder = null!;

    [SetUp]
    public void SetUp() => _folder = new TempFolder();

    [TearDown]
    public void TearDown() => _folder.Dispose();

    [Test]
    public void LoadOrCreate_FirstStart_MakesAKeyThatOnlyTheOwnerReads()
    {
        var made = WrappingKeys.LoadOrCreate(Files("keys"), mayCreate: true);
        var again = WrappingKeys.LoadOrCreate(Files("keys"), mayCreate: false);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(made.Current.Number, Is.EqualTo(1));
            Assert.That(again.Current.Fingerprint, Is.EqualTo(made.Current.Fingerprint));
            if (!OperatingSystem.IsWindows())
                Assert.That(File.GetUnixFileMode(_folder["keys/wrapping-1.key"]), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        }
    }

    [Test]
    public void LoadOrCreate_NoKeyAndNoneMayBeMade_IsRefused() =>
        Assert.That(() => WrappingKeys.LoadOrCreate(Files("keys"), mayCreate: false), Throws.InvalidOperationException.With.Message.Contains("no wrapping key"));

    [Test]
    [Platform("Unix")]
    [UnsupportedOSPlatform("windows")]
    public void LoadOrCreate_ReadableByOthers_IsRefused()
    {
        Files("keys").Create();
        File.SetUnixFileMode(_folder["keys/wrapping-1.key"], UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.That(() => WrappingKeys.LoadOrCreate(Files("keys"), mayCreate: true), Throws.InvalidOperationException.With.Message.Contains("0600"));
    }

    [Test]
    public void TakeUp_TenthKey_IsCurrentAndAllOpenWhatTheyWrapped()
    {
        var keys = WrappingKeys.LoadOrCreate(Files("keys"), mayCreate: true);
        var wrapped = new List<byte[]>();
        for (uint number = 1; number <= 10; number++)
        {
            Assert.That(keys.Current.Number, Is.EqualTo(number));
            wrapped.Add(new byte[WrappingKey.WrappedBytes]);
            keys.Current.Wrap(Secret(number), TestIndex.Ann, wrapped[^1]);
            Assert.That(Files("keys").Create(), Is.EqualTo(number + 1), "by number, not by name");
            keys.TakeUp(keys.ReadNew());
        }

        var (derived, expected) = (new byte[SubjectSecret.DerivedBytes], new byte[SubjectSecret.DerivedBytes]);
        for (uint number = 1; number <= 10; number++)
        {
            SubjectSecret.Derive(Secret(number), expected);
            Assert.That(keys.TryDerive(wrapped[(int)number - 1], TestIndex.Ann, derived));
            Assert.That(derived, Is.EqualTo(expected));
        }
    }

    [Test]
    public void TryDerive_OfAnotherSubjectAnotherKeyOrDamaged_IsRefused()
    {
        var keys = WrappingKeys.LoadOrCreate(Files("keys"), mayCreate: true);
        var others = WrappingKeys.LoadOrCreate(Files("others"), mayCreate: true);
        var (wrapped, derived) = (new byte[WrappingKey.WrappedBytes], new byte[SubjectSecret.DerivedBytes]);
        keys.Current.Wrap(Secret(1), TestIndex.Ann, wrapped);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(keys.TryDerive(wrapped, TestIndex.Ann, derived));
            Assert.That(keys.TryDerive(wrapped, TestIndex.Bob, derived), Is.False);
            Assert.That(others.TryDerive(wrapped, TestIndex.Ann, derived), Is.False);
        }
        for (var bit = 0; bit < wrapped.Length * 8; bit++)
        {
            wrapped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.That(keys.TryDerive(wrapped, TestIndex.Ann, derived), Is.False, $"bit {bit}");
            wrapped[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    private NumberedKeyFiles Files(string folder) => new(_folder[folder], WrappingKeys.Prefix);

    private static byte[] Secret(uint number) => [.. Enumerable.Repeat((byte)number, SubjectSecret.Bytes)];
}

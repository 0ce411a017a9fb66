using System.Runtime.Versioning;
using DataExchange.Broker.Index;
using DataExchange.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Index;

internal sealed class HubKeyFileTests
{
    [Test]
    public void LoadOrCreate_FirstStart_MakesAKeyThatOnlyTheOwnerReads()
    {
        using var folder = new TempFolder();
        var made = HubKeyFile.LoadOrCreate(folder["hub.key"], mayCreate: true);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(made, Has.Length.EqualTo(SubjectKeys.HubKeyBytes));
            Assert.That(HubKeyFile.LoadOrCreate(folder["hub.key"], mayCreate: false), Is.EqualTo(made));
            Assert.That(Directory.GetFiles(folder.Path), Has.Length.EqualTo(1));
            if (!OperatingSystem.IsWindows())
                Assert.That(File.GetUnixFileMode(folder["hub.key"]), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        }
    }

    [Test]
    public void LoadOrCreate_TwoHubs_HaveTwoKeys()
    {
        using var folder = new TempFolder();
        Assert.That(HubKeyFile.LoadOrCreate(folder["a.key"], true), Is.Not.EqualTo(HubKeyFile.LoadOrCreate(folder["b.key"], true)));
    }

    [Test]
    [Platform("Unix")]
    [UnsupportedOSPlatform("windows")]
    public void LoadOrCreate_ReadableByOthers_IsRefused()
    {
        using var folder = new TempFolder();
        HubKeyFile.LoadOrCreate(folder["hub.key"], mayCreate: true);
        File.SetUnixFileMode(folder["hub.key"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.That(() => HubKeyFile.LoadOrCreate(folder["hub.key"], true), Throws.InvalidOperationException.With.Message.Contains("0600"));
    }

    [Test]
    public void LoadOrCreate_CutShort_IsRefused()
    {
        using var folder = new TempFolder();
        HubKeyFile.LoadOrCreate(folder["hub.key"], mayCreate: true);
        File.WriteAllBytes(folder["hub.key"], new byte[31]);
        Assert.That(() => HubKeyFile.LoadOrCreate(folder["hub.key"], true), Throws.InvalidOperationException.With.Message.Contains("31"));
    }

    [Test]
    public async Task Open_KeyLostAndIndexNotEmpty_RefusesToStartAndMakesNoKey()
    {
        using var folder = new TempFolder();
        var options = new IndexOptions { Folder = folder["index"], HubKeyFile = folder["hub.key"], KeyFolder = folder["keys"] };
        await SubjectIndex.Open(options, TimeProvider.System, NullLoggerFactory.Instance).DisposeAsync();
        File.Delete(folder["hub.key"]);
        Assert.That(() => SubjectIndex.Open(options, TimeProvider.System, NullLoggerFactory.Instance), Throws.InvalidOperationException.With.Message.Contains("missing"));
        Assert.That(File.Exists(folder["hub.key"]), Is.False);
    }

    [Test]
    public async Task Open_KeyOfAnotherHub_RefusesToStart()
    {
        using var folder = new TempFolder();
        var options = new IndexOptions { Folder = folder["index"], HubKeyFile = folder["hub.key"], KeyFolder = folder["keys"] };
        await SubjectIndex.Open(options, TimeProvider.System, NullLoggerFactory.Instance).DisposeAsync();
        HubKeyFile.LoadOrCreate(folder["other.key"], mayCreate: true);
        options.HubKeyFile = folder["other.key"];
        Assert.That(() => SubjectIndex.Open(options, TimeProvider.System, NullLoggerFactory.Instance), Throws.InvalidOperationException.With.Message.Contains("not the one"));
    }
}

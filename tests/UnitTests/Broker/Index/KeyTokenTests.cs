using System.Runtime.Versioning;
using DataExchange.Broker.Index;
using DataExchange.Broker.Index.Sealing;
using DataExchange.Testing;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Testing;
using NUnit.Framework;
using static DataExchange.UnitTests.Broker.Index.TestIndex;

namespace DataExchange.UnitTests.Broker.Index;

/// <summary>The hub's keys wrapped by a token, SoftHSM2's.</summary>
[NonParallelizable]
[Platform("Linux")]
[SupportedOSPlatform("linux")]
internal sealed class KeyTokenTests
{
    private const string Key = "hub-1 master";
    private SoftHsm _hsm = null!;

    [SetUp]
    public async Task SetUp()
    {
        _hsm = new SoftHsm();
        await _hsm.AddAsync("first", Key);
    }

    [TearDown]
    public void TearDown() => _hsm.Dispose();

    [Test]
    public async Task Open_FirstStartWithAToken_WritesNoKeyInTheClearAndReadsAgain()
    {
        await using var test = new TestIndex(configure: options => options.KeyTokens = [Token("first")]);
        await test.ApplyAsync(Civil, 1, Held(Ann, Name, "ann"));
        await test.ReopenAsync();

        Assert.That(test.Read(Ann, Name), Is.EqualTo("ann"));
        foreach (var prefix in NextKey.Kinds)
        {
            var file = await File.ReadAllBytesAsync(Path.Combine(test.Options.KeyFolder, $"{prefix}-1.key"));
            var key = new KeyTokens(test.Options.KeyTokens).Unwrap(file, $"{prefix} key 1");
            Assert.That(KeyToken.NameIn(file), Is.EqualTo("pkcs11:token=first;object=hub-1%20master"));
            Assert.That(key, Has.Length.EqualTo(NumberedKeyFiles.KeyBytes));
            Assert.That(file.AsSpan().IndexOf(key), Is.Negative);
        }
    }

    [Test]
    public async Task Run_FromFileToTokenToAnotherToken_ReadsAllAndNeedsNoFormerKey()
    {
        await using var test = new TestIndex();
        await test.ApplyAsync(Civil, 1, Held(Ann, Name, "ann"));
        await test.Index.Renewal.RunAsync(CancellationToken.None);
        await _hsm.AddAsync("second", Key);

        foreach (var (generation, tokens) in new (uint, string[])[] { (2, ["first"]), (3, ["first", "second"]) })
        {
            test.Options.KeyTokens = [.. tokens.Select(Token)];
            await test.ReopenAsync();
            foreach (var prefix in NextKey.Kinds)
                Assert.That(new NumberedKeyFiles(test.Options.KeyFolder, prefix, test.Index.Tokens).Create(), Is.EqualTo(generation));
            Assert.That(await test.Index.Renewal.RunAsync(CancellationToken.None));
            Assert.That(test.Read(Ann, Name), Is.EqualTo("ann"));
        }

        await test.Index.DisposeAsync();
        foreach (var former in Directory.GetFiles(test.Options.KeyFolder).Where(path => !path.EndsWith("-3.key", StringComparison.Ordinal)))
            File.Delete(former);
        test.Options.KeyTokens = [Token("second")];
        await test.ReopenAsync(isClosed: true);
        Assert.That(test.Read(Ann, Name), Is.EqualTo("ann"));
    }

    [Test]
    public async Task Open_TokenNotAsItMustBe_IsRefusedSayingWhy()
    {
        await using var test = new TestIndex(configure: options => options.KeyTokens = [Token("first")]);
        await test.Index.DisposeAsync();
        void AssertRefused(Action<KeyTokenOptions> change, string why)
        {
            var options = Token("first");
            change(options);
            test.Options.KeyTokens = [options];
            Assert.That(() => SubjectIndex.Open(test.Options, test.Time, test.Loggers), Throws.InvalidOperationException.With.Message.Contains(why));
        }

        using (Assert.EnterMultipleScope())
        {
            AssertRefused(o => o.TokenLabel = "second", "pkcs11:token=first;object=hub-1%20master, which Index:KeyTokens does not name");
            AssertRefused(o => o.KeyLabel = "other", "pkcs11:token=first;object=hub-1%20master, which Index:KeyTokens does not name");
            AssertRefused(o => o.ModulePath = "/usr/lib/no-such-module.so", "cannot be loaded");
            AssertRefused(o => o.PinFile += ".none", "PinFile");
        }
        _hsm.WritePin("wrong-pin");
        AssertRefused(_ => { }, "CKR_PIN_INCORRECT");
        File.SetUnixFileMode(_hsm.PinFile, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        AssertRefused(_ => { }, "0600");
        _hsm.WritePin(SoftHsm.Pin);
        _hsm.TakeAway();
        AssertRefused(_ => { }, "0 tokens of that label");
        _hsm.BringBack();
        test.Options.KeyTokens = [Token("first")];
        await test.ReopenAsync(isClosed: true);
    }

    [Test]
    public void Unwrap_FileOfAnotherKeyOrDamaged_IsRefused()
    {
        var token = new KeyToken(Token("first"));
        var key = Enumerable.Range(0, NumberedKeyFiles.KeyBytes).Select(i => (byte)i).ToArray();
        var file = token.Wrap(key, "wrapping key 1");

        Assert.That(token.Unwrap(file, "wrapping key 1"), Is.EqualTo(key));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        for (var n = 0; n < 20; n++)
            token.Unwrap(file, "wrapping key 1");
        TestContext.Out.WriteLine($"{watch.Elapsed.TotalMilliseconds / 20:N1} ms to unwrap a key, module and session opened anew");
        Assert.That(() => token.Unwrap(file, "wrapping key 2"), Throws.InvalidOperationException.With.Message.Contains("damaged"));
        Assert.That(() => token.Unwrap(file[..^1], "wrapping key 1"), Throws.InvalidOperationException);
        file[^1] ^= 1;
        Assert.That(() => token.Unwrap(file, "wrapping key 1"), Throws.InvalidOperationException.With.Message.Contains("damaged"));
    }

    [Test]
    public void Wrap_PinThatWasRefused_IsNotTriedAgainUntilItIsAnother()
    {
        var token = new KeyToken(Token("first"));
        _hsm.WritePin("wrong-pin");
        Assert.That(() => token.Wrap(new byte[32], "wrapping key 1"), Throws.InvalidOperationException.With.Message.Contains("CKR_PIN_INCORRECT"));
        Assert.That(() => token.Wrap(new byte[32], "wrapping key 1"), Throws.InvalidOperationException.With.Message.Contains("not tried again"));
        _hsm.WritePin(SoftHsm.Pin);
        Assert.That(() => token.Wrap(new byte[32], "wrapping key 1"), Throws.Nothing);
    }

    [Test]
    public async Task Health_TokenGoesAway_NamesItWhileTheHubReadsOn()
    {
        await using var test = new TestIndex(configure: options => options.KeyTokens = [Token("first")]);
        await test.ApplyAsync(Civil, 1, Held(Ann, Name, "ann"));
        async Task<HealthCheckResult> LookAsync()
        {
            test.Index.Tokens.Last!.Check();
            return await new IndexHealthCheck(test.Index).CheckHealthAsync(new HealthCheckContext());
        }

        Assert.That((await LookAsync()).Status, Is.EqualTo(HealthStatus.Healthy));
        _hsm.TakeAway();
        var away = await LookAsync();
        Assert.That(away.Status, Is.EqualTo(HealthStatus.Degraded));
        Assert.That(away.Description, Does.Contain("pkcs11:token=first"));
        Assert.That(test.Read(Ann, Name), Is.EqualTo("ann"));
        await test.ApplyAsync(Civil, 2, Held(Bob, Name, "bob"));
        Assert.That(test.Read(Bob, Name), Is.EqualTo("bob"));
        _hsm.BringBack();
        Assert.That((await LookAsync()).Status, Is.EqualTo(HealthStatus.Healthy));
    }

    [Test]
    public async Task Watch_TokenGoesAwayAndComesBack_IsLoggedOnceEachAndShowsInHealth()
    {
        await using var test = new TestIndex(configure: options =>
            (options.KeyTokens, options.KeyTokenCheckInterval) = ([Token("first")], TimeSpan.FromMilliseconds(100)));
        var logger = new FakeLogger<KeyTokenWatch>();
        using var watch = new KeyTokenWatch(test.Index, Microsoft.Extensions.Options.Options.Create(test.Options), TimeProvider.System, logger);
        await watch.StartAsync(CancellationToken.None);

        _hsm.TakeAway();
        await Eventually.Async("seen to be away", LookAsync, health => health == HealthStatus.Degraded);
        var looks = 0;
        await Eventually.Async("looked at again", LookAsync, health => health == HealthStatus.Degraded && ++looks > 10);
        _hsm.BringBack();
        await Eventually.Async("seen to be back", LookAsync, health => health == HealthStatus.Healthy);
        await watch.StopAsync(CancellationToken.None);

        Assert.That(logger.Collector.GetSnapshot().Select(log => log.Id.Name), Is.EqualTo(new[] { "KeyTokenAway", "KeyTokenBack" }));

        async Task<HealthStatus> LookAsync() => (await new IndexHealthCheck(test.Index).CheckHealthAsync(new HealthCheckContext())).Status;
    }

    [Test]
    public void Validate_PinBesideTheKeysOrOneKeyTwice_IsRefused()
    {
        using var folder = new TempFolder();
        var options = new IndexOptions { Folder = folder["index"], HubKeyFile = folder["hub.key"], KeyFolder = folder["keys"], KeyTokens = [Token("first")] };
        Assert.That(new IndexPlacesValidator().Validate(null, options).Succeeded);

        options.KeyTokens = [Token("first"), Token("first")];
        options.KeyTokens[0].PinFile = folder["keys/pin"];
        Assert.That(new IndexPlacesValidator().Validate(null, options).Failures, Has.Exactly(2).Items);
        options.KeyTokens = [new KeyTokenOptions { ModulePath = "relative.so" }];
        Assert.That(new IndexOptionsValidator().Validate(null, options).Failures, Is.Not.Empty);
    }

    private KeyTokenOptions Token(string label) =>
        new() { ModulePath = SoftHsm.Module, TokenLabel = label, KeyLabel = Key, PinFile = _hsm.PinFile };
}

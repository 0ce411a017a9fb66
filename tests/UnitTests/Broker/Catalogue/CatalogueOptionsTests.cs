using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Catalogue;

[TestFixture]
public sealed class CatalogueOptionsTests
{
    [Test]
    public void Options_DataDirectoryOnly_KeepTheCatalogueThere()
    {
        var options = Read(("Hub:DataDirectory", "/data"));

        Assert.That((options.Provider, options.ConnectionString), Is.EqualTo((CatalogueProvider.Sqlite, "Data Source=/data/catalogue.db")));
        Assert.That((options.PollInterval, options.UnhealthyAfter), Is.EqualTo((TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5))));
    }

    [TestCase("Catalogue:PollInterval", "00:00:05", "PollInterval")]
    [TestCase("Catalogue:PollInterval", "00:00:00", "PollInterval")]
    [TestCase("Catalogue:UnhealthyAfter", "00:00:01", "UnhealthyAfter")]
    [TestCase("Catalogue:PasswordFile", "secret", "SQLite has no password")]
    [TestCase("Catalogue:ConnectionString", "canary4711", "connection string cannot be read")]
    [TestCase("Hub:DataDirectory", "", "ConnectionString")]
    public void Options_OneBroken_StopTheStart(string key, string value, string named)
    {
        var refusal = Assert.Throws<OptionsValidationException>(() => Read(("Hub:DataDirectory", "/data"), (key, value)))!;

        Assert.That(refusal.Message, Does.Contain(named).And.Not.Contain("canary4711"));
    }

    [TestCase("Host=db.example;Username=hub", false)]
    [TestCase("Host=db.example;Username=hub;SSL Mode=Require", false)]
    [TestCase("Host=localhost,db.example;Username=hub", false)]
    [TestCase("Host=db.example;Username=hub;SSL Mode=VerifyFull", true)]
    [TestCase("Host=127.0.0.1;Username=hub", true)]
    [TestCase("Host=/run/postgresql;Username=hub", true)]
    public void Options_PostgreSqlOpenToTheNetwork_StopsTheStartUnlessTheNetworkIsTrusted(string connection, bool isTaken)
    {
        CatalogueOptions Start(string trusted) => Read(
            ("Catalogue:Provider", "postgresql"), ("Catalogue:ConnectionString", connection), ("Catalogue:TrustNetwork", trusted));

        Assert.That(() => Start("false"), isTaken ? Throws.Nothing : Throws.InstanceOf<OptionsValidationException>().With.Message.Contains("TrustNetwork"));
        Assert.That(() => Start("true"), Throws.Nothing);
    }

    [Test]
    public void Options_SeveralBroken_AreAllTold()
    {
        var refusal = Assert.Throws<OptionsValidationException>(() => Read(
            ("Hub:DataDirectory", "/data"), ("Catalogue:PollInterval", "00:01:00"), ("Catalogue:UnhealthyAfter", "2.00:00:00"), ("Catalogue:PasswordFile", "x")))!;

        Assert.That(refusal.Failures.Count(), Is.EqualTo(3));
    }

    [Test]
    public void PasswordOfAConnectionString_ThatCannotBeRead_IsNotRepeated() => Assert.That(
        () => new CatalogueDatabase(CatalogueProvider.Postgresql, "Host=localhost;Password=first;canary4711=1"),
        Throws.ArgumentException.With.Message.Not.Contains("canary4711"));

    [Test]
    [Platform(Exclude = "Win")]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void SecretFile_OpenToOthersOrNotOneLine_IsRefusedWithoutQuotingIt()
    {
        using var folder = new TempFolder();
        string Write(string text, UnixFileMode mode)
        {
            File.WriteAllText(folder["secret"], text);
            File.SetUnixFileMode(folder["secret"], mode);
            return folder["secret"];
        }

        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Multiple(() =>
        {
            Assert.That(SecretFile.Read(Write("s3cret\n", owner)), Is.EqualTo("s3cret"));
            Assert.That(() => SecretFile.Read(Write("s3cret", owner | UnixFileMode.OtherRead)), Throws.ArgumentException.With.Message.Contains("0600"));
            Assert.That(() => SecretFile.Read(Write("s3cret\nmore\n", owner)), Throws.ArgumentException.With.Message.Not.Contains("s3cret"));
            Assert.That(() => SecretFile.Read(Write("", owner)), Throws.ArgumentException);
            Assert.That(() => SecretFile.Read(Write(new string('x', SecretFile.LengthMax + 1), owner)), Throws.ArgumentException);
            Assert.That(() => SecretFile.Read(folder["absent"]), Throws.ArgumentException);
        });
    }

    private static CatalogueOptions Read(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection(settings.GroupBy(s => s.Key).Select(s => KeyValuePair.Create(s.Key, (string?)s.Last().Value)));
        using var host = new HostApplicationBuilder(new HostApplicationBuilderSettings { Configuration = configuration, DisableDefaults = true }).Services
            .AddSingleton<IConfiguration>(configuration).AddCatalogue().BuildServiceProvider();
        return host.GetRequiredService<IOptions<CatalogueOptions>>().Value;
    }
}

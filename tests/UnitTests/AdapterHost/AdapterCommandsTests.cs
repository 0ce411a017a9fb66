using DataExchange.AdapterHost;
using DataExchange.AdapterHost.Sources;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.AdapterHost;

[NonParallelizable]
internal sealed class AdapterCommandsTests
{
    private const string StateFolder = "DX_Adapter__StateFolder";
    private const string Option = "DX_Adapter__HubAddress";

    private TempFolder _folder = null!;
    private string _config = null!;

    [SetUp]
    public void WriteFile()
    {
        _folder = new TempFolder();
        SampleFile.Load(_folder.Path);
        _config = _folder["adapter.yaml"];
        Directory.CreateDirectory(_folder["state"]);
        Directory.CreateDirectory(_folder["other"]);
    }

    [TearDown]
    public void Delete()
    {
        Environment.SetEnvironmentVariable(StateFolder, null);
        Environment.SetEnvironmentVariable(Option, null);
        _folder.Dispose();
    }

    [Test]
    public async Task Accept_SourceThatAsksNothing_IsRefused()
    {
        Assert.That(await AdapterCommands.RunAsync(["accept", "--config", _config, "--source", "bodies"]), Is.EqualTo(1));
        Assert.That(Directory.GetFiles(_folder["state"]), Is.Empty);
    }

    [TestCase("state")]
    [TestCase("other")]
    public async Task Accept_SourceThatAsks_IsAcceptedWhereTheAdapterKeepsItsFiles(string folder)
    {
        Environment.SetEnvironmentVariable(StateFolder, folder == "other" ? _folder[folder] : null);
        await File.WriteAllBytesAsync(SourceReader.QuestionPathOf(_folder[folder], "bodies"), []);

        Assert.That(await AdapterCommands.RunAsync(["accept", "--config", _config, "--source", "bodies"]), Is.Zero);
        Assert.That(File.Exists(SourceReader.AcceptancePathOf(_folder[folder], "bodies")));
    }

    [TestCase("published.db")]
    [TestCase("outbox.db")]
    public async Task Run_StoreThatIsNoDatabase_EndsWithAnExitCode(string store)
    {
        using var certificates = UseCertificates();
        await File.WriteAllTextAsync(Path.Combine(_folder["state"], store), new string('x', 8_192));

        Assert.That(await AdapterCommands.RunAsync(["run", "--config", _config]), Is.EqualTo(3));
    }

    [Test]
    public async Task Run_OptionThatTheEnvironmentSpoils_EndsWithAnExitCode()
    {
        using var certificates = UseCertificates();
        Environment.SetEnvironmentVariable(Option, "ftp://hub");

        Assert.That(await AdapterCommands.RunAsync(["run", "--config", _config]), Is.EqualTo(2));
    }

    [Test]
    public async Task Run_WithoutCertificates_EndsWithAnExitCode() =>
        Assert.That(await AdapterCommands.RunAsync(["run", "--config", _config]), Is.EqualTo(3));

    private TestCertificates UseCertificates()
    {
        var certificates = new TestCertificates("registry");
        var tls = certificates.Department("registry");
        SampleFile.Load(_folder.Path, SampleFile.Yaml
            .Replace("certificate_path: tls.pem", $"certificate_path: {tls.CertificatePath}", StringComparison.Ordinal)
            .Replace("key_path: tls.key", $"key_path: {tls.KeyPath}", StringComparison.Ordinal)
            .Replace("root_path: root.pem", $"root_path: {tls.RootPath}", StringComparison.Ordinal));
        return certificates;
    }
}

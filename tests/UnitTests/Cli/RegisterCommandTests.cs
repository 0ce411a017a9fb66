using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using DataExchange.Broker.Catalogue.Reading;
using DataExchange.Cli;
using DataExchange.Cli.Conformance;
using DataExchange.Contracts;
using DataExchange.Testing;
using DataExchange.UnitTests.Broker.Governance;
using NUnit.Framework;

namespace DataExchange.UnitTests.Cli;

/// <summary>A department that is led into the exchange by <c>dx adapter register</c>, and those who have to act in between.</summary>
internal sealed class RegisterCommandTests
{
    private const string Newcomer = "newcomer";

    private GovernanceHub _hub = null!;
    private TcpListener _adapter = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _hub = await GovernanceHub.StartAsync();
        _adapter = new TcpListener(IPAddress.Loopback, FreePort.Next());
    }

    [TearDown]
    public async Task StopAsync()
    {
        _adapter.Dispose();
        await _hub.DisposeAsync();
    }

    [Test]
    public async Task Register_FromNothingToTheEnd_SaysAtEachStepWhatIsNextAndWhoMustAct()
    {
        await NextAsync("certificate", "the exchange's certificate authority", "department-newcomer.csr");
        if (!OperatingSystem.IsWindows())
            Assert.That(File.GetUnixFileMode(Joined("key")), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        var key = File.ReadAllText(Joined("key"));

        Sign();
        await NextAsync("department and key in the catalogue", "two managers of the exchange", $"dx department register newcomer --name 'New office' --adapter https://127.0.0.1:{Port}/ --key ");

        File.WriteAllText(_hub.Folder["wanted.yaml"], Wanted());
        await RegisterAsync();
        await NextAsync("attributes in the catalogue", "two managers of the exchange", "not there, or of another type: permit; ");

        await ApproveAsync((await _hub.Connect(GovernanceHub.Tax, _hub.Token("ann", "manage")).ProposeCatalogueAsync(new() { Catalogue = Wanted(), Reason = "permits" })).Proposal);
        await NextAsync("adapter", "the department", $"nothing answers at 127.0.0.1:{Port}");

        _adapter.Start();
        var (code, output) = await RunAsync();
        Assert.That(code, Is.Zero, output);
        Assert.That(File.ReadAllText(Joined("key")), Is.EqualTo(key), "what is there is kept");
    }

    [Test]
    public async Task Register_CertificateOfAnotherDepartment_IsNotTaken()
    {
        await RunAsync();
        File.Copy(_hub.Certificates.Department(Newcomer).CertificatePath, Joined("pem"));
        File.Copy(_hub.Certificates.Hub.RootPath, _hub.Folder["joining/root.pem"]);

        await NextAsync("certificate", "the exchange's certificate authority", "department-newcomer.csr anew: ");
    }

    [TestCase("New Comer", "test.exchange")]
    [TestCase("newcomer", "Test Exchange")]
    public async Task Register_NameThatIsNone_IsWrongUsage(string id, string trustDomain) =>
        Assert.That(await CommandLine.RunAsync(["adapter", "register", id, "--name", "x", "--folder", _hub.Folder.Path, "--trust-domain", trustDomain, "--adapter", "https://127.0.0.1:1", "--catalogue", "c.yaml"]), Is.EqualTo(ExitCode.Usage));

    private int Port => ((IPEndPoint)_adapter.LocalEndpoint).Port;

    private string Joined(string extension) => _hub.Folder[$"joining/department-newcomer.{extension}"];

    private async Task NextAsync(string step, string who, string what)
    {
        var (code, output) = await RunAsync();
        Assert.That(code, Is.EqualTo(ExitCode.Finding), output);
        using var json = JsonDocument.Parse(output);
        var next = json.RootElement.GetProperty("steps").EnumerateArray().Single(line => line.GetProperty("state").GetString() == "next");
        Assert.That((next.GetProperty("step").GetString(), next.GetProperty("who").GetString()), Is.EqualTo((step, who)), output);
        Assert.That(next.GetProperty("what").GetString(), Does.Contain(what));
    }

    private async Task<(int Code, string Output)> RunAsync()
    {
        using var output = new StringWriter();
        string[] arguments =
        [
            "register", Newcomer, "--name", "New office", "--folder", _hub.Folder["joining"], "--trust-domain", TestCertificates.TrustDomain, "--adapter", $"https://127.0.0.1:{Port}",
            "--catalogue", _hub.Folder["wanted.yaml"], "--hub", $"{_hub.Address}", "--hub-name", TestCertificates.BrokerId, "--json",
        ];
        var code = await AdapterCommand.Create().Parse(arguments).InvokeAsync(new InvocationConfiguration { Output = output, Error = output, EnableDefaultExceptionHandler = false });
        return (code, output.ToString());
    }

    /// <summary>As the exchange's authority.</summary>
    private void Sign()
    {
        using var root = X509Certificate2.CreateFromPemFile(_hub.Certificates.Hub.RootPath, Path.ChangeExtension(_hub.Certificates.Hub.RootPath, "key"));
        var request = CertificateRequest.LoadSigningRequestPem(
            File.ReadAllText(Joined("csr")), HashAlgorithmName.SHA256, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.Create(root, now.AddHours(-1), now.AddDays(30), RandomNumberGenerator.GetBytes(16));
        File.WriteAllText(Joined("pem"), certificate.ExportCertificatePem());
        File.Copy(_hub.Certificates.Hub.RootPath, _hub.Folder["joining/root.pem"]);
    }

    private async Task RegisterAsync()
    {
        var proposed = await _hub.Connect(GovernanceHub.Tax, _hub.Token("ann", "manage")).RegisterDepartmentAsync(new()
        {
            Id = Newcomer, Name = "New office", Adapter = $"https://127.0.0.1:{Port}", Reason = "joins", Keys = { new Wire.DepartmentKey { Pem = File.ReadAllText(Joined("pem")), Tls = true, Signing = true } },
        });
        await ApproveAsync(proposed.Proposal);
    }

    /// <summary>By the second manager; in force within 5 s.</summary>
    private async Task ApproveAsync(Wire.Proposal proposal)
    {
        var before = (await RunAsync()).Output;
        await _hub.Connect(GovernanceHub.Tax, _hub.Token("bob", "manage")).ApproveProposalAsync(new() { Id = proposal.Id, ContentHash = proposal.ContentHash });
        await Eventually.Async("the approval is in force", async () => (await RunAsync()).Output, output => output != before);
    }

    private string Wanted()
    {
        var file = _hub.File();
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(Joined("pem"));
        var department = DepartmentId.Parse(Newcomer);
        return CatalogueWriter.Write(file with
        {
            Departments = [.. file.Departments, new(department, "New office", $"https://127.0.0.1:{Port}")],
            Keys = [.. file.Keys, new(KeyId.Of(certificate), department, Convert.ToBase64String(certificate.PublicKey.ExportSubjectPublicKeyInfo()),
                DataExchange.Broker.Catalogue.KeyUses.Tls | DataExchange.Broker.Catalogue.KeyUses.Signing)],
            Attributes = [.. file.Attributes, new(AttributeId.Parse("newcomer/permit"), "Permit", Wire.ValueType.Text, Wire.Holding.Held)],
        });
    }
}

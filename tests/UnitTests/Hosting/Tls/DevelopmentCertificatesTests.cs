using DataExchange.Contracts;
using DataExchange.Hosting;
using DataExchange.Testing;
using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Hosting.Tls;

[TestFixture]
internal sealed class DevelopmentCertificatesTests
{
    private static readonly DepartmentId Tax = DepartmentId.Parse("tax");
    private static readonly DepartmentId Health = DepartmentId.Parse("health");

    private TempFolder _folder = null!;

    [SetUp]
    public void CreateFolder() => _folder = new TempFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public void Create_EmptyFolder_MakesCredentialsThatLoadUnderTheirNames()
    {
        var made = Create(Tax);

        using var hub = TlsCredentials.Load(made.Hub);
        using var tax = TlsCredentials.Load(made.Department(Tax));
        Assert.That((hub.Identity.Role, hub.Identity.Name), Is.EqualTo((PeerRole.Hub, "hub-1")));
        Assert.That((tax.Identity.Role, tax.Identity.Name), Is.EqualTo((PeerRole.Department, "tax")));
    }

    [Test]
    public void Create_Again_ChangesNothing()
    {
        Create(Tax);
        var before = Contents();

        Assert.That(Create(Tax).Written, Is.Empty);
        Assert.That(Contents(), Is.EqualTo(before));
    }

    [Test]
    public void Create_OneMoreDepartment_KeepsTheOthers()
    {
        Create(Tax);
        var before = Contents();

        Assert.That(Create(Tax, Health).Written, Is.EquivalentTo(new[] { "department-health.key", "department-health.pem" }));
        Assert.That(before, Is.SubsetOf(Contents()));
    }

    [Test]
    public void Create_NearTheEnd_RenewsTheLeafAndKeepsTheRoot()
    {
        Create(Tax);
        var root = File.ReadAllText(_folder["root.pem"]);
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow().AddDays(350));

        var renewed = DevelopmentCertificates.Create(_folder.Path, "test.example", "hub-1", [Tax], clock);

        Assert.That(renewed.Written, Does.Contain("department-tax.pem").And.Not.Contain("root.pem"));
        Assert.That(File.ReadAllText(_folder["root.pem"]), Is.EqualTo(root));
    }

    [TestCase("department-tax.key")]
    [TestCase("department-tax.pem")]
    [TestCase("root.key")]
    public void Create_FileCutShort_MakesWhatIsBrokenAnew(string name)
    {
        var made = Create(Tax);
        File.WriteAllText(_folder[name], "-----BEGIN");

        Create(Tax);

        using var credentials = TlsCredentials.Load(made.Department(Tax));
        Assert.That(credentials.Identity.Name, Is.EqualTo("tax"));
    }

    [Test]
    public void Create_KeyOfAnotherRun_MakesThePairAnew()
    {
        var made = Create(Tax);
        File.Copy(made.Hub.KeyPath, made.Department(Tax).KeyPath, overwrite: true);

        Create(Tax);

        Assert.That(() => TlsCredentials.Load(made.Department(Tax)).Dispose(), Throws.Nothing);
    }

    [Test]
    public void Create_OtherTrustDomain_ReissuesTheLeaves()
    {
        Create(Tax);

        var other = DevelopmentCertificates.Create(_folder.Path, "other.example", "hub-1", [Tax]);

        Assert.That(other.Written, Does.Contain("department-tax.pem"));
        using var credentials = TlsCredentials.Load(other.Department(Tax));
        Assert.That(credentials.TrustDomain, Is.EqualTo("other.example"));
    }

    [Test]
    [Platform("Unix")]
    public void Create_Keys_AreTheirOwnersOnly()
    {
        Create(Tax);

        foreach (var key in Directory.GetFiles(_folder.Path, "*.key"))
            Assert.That(OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(key), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite), key);
    }

    [TestCase(UnixFileMode.GroupRead)]
    [TestCase(UnixFileMode.OtherRead)]
    [TestCase(UnixFileMode.GroupWrite)]
    [TestCase(UnixFileMode.OtherWrite)]
    [Platform("Unix")]
    public void Load_KeyOpenToOthers_IsRefused(UnixFileMode mode)
    {
        var files = Create(Tax).Department(Tax);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(files.KeyPath, UnixFileMode.UserRead | UnixFileMode.UserWrite | mode);

        Assert.That(() => TlsCredentials.Load(files), Throws.InvalidOperationException.With.Message.Contains("0600"));
    }

    [Test]
    public void Load_KeyOfAnotherCertificate_IsRefused()
    {
        var made = Create(Tax);
        var files = made.Department(Tax);
        files.KeyPath = made.Hub.KeyPath;

        Assert.That(() => TlsCredentials.Load(files), Throws.InvalidOperationException);
    }

    private DevelopmentCertificates Create(params DepartmentId[] departments) =>
        DevelopmentCertificates.Create(_folder.Path, "test.example", "hub-1", departments);

    private Dictionary<string, string> Contents() => Directory.GetFiles(_folder.Path).ToDictionary(path => path, File.ReadAllText);
}

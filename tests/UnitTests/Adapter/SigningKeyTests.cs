using System.Net;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using DataExchange.Adapter;
using DataExchange.Contracts;
using DataExchange.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;

namespace DataExchange.UnitTests.Adapter;

[TestFixture, Platform(Exclude = "Win"), UnsupportedOSPlatform("windows")]
internal sealed class SigningKeyTests
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private TempFolder _folder = null!;
    private WebApplication _app = null!;
    private string _keyId = "";

    [SetUp]
    public void BuildAdapter()
    {
        _folder = new TempFolder();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(_folder["signing.key"], key.ExportPkcs8PrivateKeyPem());
        _keyId = KeyId.Of(key.ExportSubjectPublicKeyInfo());
        // From files alone: the department signs with a key that is not its TLS key.
        using var certificates = new TestCertificates(Sample.Department.Value);
        var tls = certificates.Department(Sample.Department.Value);
        var builder = WebApplication.CreateSlimBuilder();
        builder.AddDepartmentAdapter(
            options =>
            {
                var valid = Sample.Options().Value;
                (options.Department, options.StateFolder, options.HeldAttributes) = (valid.Department, _folder["state"], valid.HeldAttributes);
                (options.HubAddress, options.HubName, options.HubKeyIds) = (valid.HubAddress, valid.HubName, valid.HubKeyIds);
                options.SigningKeyPath = _folder["signing.key"];
            },
            tls.CopyTo,
            new IPEndPoint(IPAddress.Loopback, 0));
        _app = builder.Build();
        _ = _app.Services.GetRequiredService<DataExchange.Hosting.TlsCredentials>();
    }

    [TearDown]
    public async Task DisposeAdapter()
    {
        await _app.DisposeAsync();
        _folder.Dispose();
    }

    [Test]
    public void SigningKey_OwnersAlone_Signs()
    {
        File.SetUnixFileMode(_folder["signing.key"], Owner);

        Assert.That(_app.Services.GetRequiredService<BatchSigner>().KeyId, Is.EqualTo(_keyId));
    }

    [TestCase(UnixFileMode.GroupRead)]
    [TestCase(UnixFileMode.GroupWrite)]
    [TestCase(UnixFileMode.OtherRead)]
    [TestCase(UnixFileMode.OtherExecute)]
    public void SigningKey_OpenToOthers_IsRefused(UnixFileMode others)
    {
        File.SetUnixFileMode(_folder["signing.key"], Owner | others);

        Assert.That(() => _app.Services.GetRequiredService<BatchSigner>(), Throws.InvalidOperationException.With.Message.Contains("Adapter:SigningKeyPath").And.Message.Contains("0600"));
    }
}

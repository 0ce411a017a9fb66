using System.Security.Cryptography.X509Certificates;
using DataExchange.Contracts;
using DataExchange.Hosting;

namespace DataExchange.Testing;

/// <summary>A certificate authority of its own for one test: a hub and some departments of trust domain <c>test.exchange</c>.</summary>
public sealed class TestCertificates : IDisposable
{
    public const string TrustDomain = "test.exchange";
    public const string BrokerId = "hub-1";

    private readonly TempFolder _folder = new();
    private readonly DevelopmentCertificates _certificates;

    public TestCertificates(params string[] departments) =>
        _certificates = DevelopmentCertificates.Create(_folder.Path, TrustDomain, BrokerId, departments.Select(DepartmentId.Parse));

    public string Folder => _folder.Path;

    public TlsOptions Hub => _certificates.Hub;

    public TlsOptions Department(string department) => _certificates.Department(DepartmentId.Parse(department));

    /// <summary>The key id to register in a catalogue or to pin.</summary>
    public static string KeyIdOf(TlsOptions options)
    {
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(options.CertificatePath);
        return KeyId.Of(certificate);
    }

    public void Dispose() => _folder.Dispose();
}

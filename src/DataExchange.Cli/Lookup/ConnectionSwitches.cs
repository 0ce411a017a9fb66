using System.CommandLine;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Grpc.Net.Client;

namespace DataExchange.Cli.Lookup;

/// <summary>The options that say which hub is called and as which department; the defaults are those of <c>dx demo</c>.</summary>
internal sealed class ConnectionSwitches
{
    private readonly Option<Uri> _hub = new("--hub")
    {
        CustomParser = AddressSwitch.Parse,
        Description = "The hub's address",
        DefaultValueFactory = _ => new Uri("https://127.0.0.1:7443"),
    };

    private readonly Option<string> _hubName = new("--hub-name") { Description = "Broker id in the hub's certificate", DefaultValueFactory = _ => Exchange.Workspace.BrokerId };
    private readonly Option<string> _trustDomain = new("--trust-domain") { Description = "SPIFFE trust domain", DefaultValueFactory = _ => Exchange.Workspace.TrustDomain };

    private readonly Option<DirectoryInfo> _certificates = new("--certificates")
    {
        Description = "Folder with the root's, and the department's, certificate and key",
        DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(".dx", Exchange.Workspace.CertificatesFolder)),
    };

    private readonly Option<string> _as = new("--as") { Description = "Department that asks", DefaultValueFactory = _ => "service-desk" };

    public void AddTo(Command command)
    {
        command.Options.Add(_hub);
        command.Options.Add(_hubName);
        command.Options.Add(_trustDomain);
        command.Options.Add(_certificates);
        command.Options.Add(_as);
    }

    /// <exception cref="UsageException">The certificate or key cannot be used.</exception>
    public GrpcChannel Connect(ParseResult parsed)
    {
        var folder = parsed.GetValue(_certificates)!.FullName;
        var name = parsed.GetValue(_as)!;
        try
        {
            var certificates = DevelopmentCertificates.Open(folder, parsed.GetValue(_trustDomain)!, parsed.GetValue(_hubName)!);
            var credentials = TlsCredentials.Load(certificates.Department(DepartmentId.Parse(name)));
            return MutualTlsClient.Connect(parsed.GetValue(_hub)!, credentials, new ExpectedPeer(PeerRole.Hub, parsed.GetValue(_hubName)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException or FormatException or System.Security.Cryptography.CryptographicException)
        {
            throw new UsageException($"The certificate of {name} cannot be used: {e.Message}");
        }
    }
}

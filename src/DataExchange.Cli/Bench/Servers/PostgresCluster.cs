using System.Diagnostics;
using System.Text;
using DataExchange.Hosting;

namespace DataExchange.Cli.Bench;

/// <summary>
/// How a PostgreSQL of one's own is run on loopback: own folder, port and password. Starts nothing; started again with the same folder it
/// keeps its data.
/// </summary>
internal sealed class PostgresCluster
{
    private const string User = "postgres";

    private readonly string _folder;
    private readonly string _programs;
    private readonly string _password = Guid.NewGuid().ToString("N");
    private readonly Dictionary<string, string> _environment;

    /// <param name="folder">Made if absent.</param>
    /// <exception cref="BenchUnavailableException">Not installed.</exception>
    public PostgresCluster(string folder, int port)
    {
        var server = ServiceAccount.Find("/usr/lib/postgresql", "*", "bin/postgres", "postgresql", "--postgresql");
        (_folder, _programs, Port) = (folder, Path.GetDirectoryName(server)!, port);
        _environment = new Dictionary<string, string> { ["HOME"] = folder, ["PGPASSWORD"] = _password };
        Directory.CreateDirectory(folder);
        WholeFile.Write(PasswordFile, Encoding.UTF8.GetBytes(_password), WholeFile.OwnerOnly, overwrite: true);
        ServiceAccount.Own(User, folder);
    }

    public int Port { get; }

    /// <summary>To be run once, before the server's first start.</summary>
    public ProcessStartInfo Initialise => Start(
        "initdb", "-D", Data, "-U", User, "--pwfile", PasswordFile, "-A", "scram-sha-256", "-E", "UTF8", "--locale", "C");

    private string Data => Path.Combine(_folder, "data");

    private string PasswordFile => Path.Combine(_folder, "password");

    /// <param name="settings">As <c>shared_buffers=1GB</c>; durable as installed unless they say otherwise.</param>
    public ProcessStartInfo Server(params string[] settings) => Start(
        "postgres", ["-D", Data, "-p", $"{Port}", "-k", "", "-c", "listen_addresses=127.0.0.1", .. settings.SelectMany(setting => new[] { "-c", setting })]);

    public ProcessStartInfo CreateDatabase(string name) => Start("createdb", "-h", "127.0.0.1", "-p", $"{Port}", "-U", User, name);

    /// <summary>For Npgsql.</summary>
    public string ConnectionString(string database = "postgres") =>
        $"Host=127.0.0.1;Port={Port};Username={User};Password={_password};Database={database}";

    private ProcessStartInfo Start(string program, params string[] arguments) =>
        ServiceAccount.Start(User, _folder, _environment, Path.Combine(_programs, program), arguments);
}

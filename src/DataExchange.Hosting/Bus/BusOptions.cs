using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace DataExchange.Hosting;

public enum BusTransport
{
    /// <summary>Within this process. What is on the way is lost with it; the providers' outboxes send it again.</summary>
    Memory,

    /// <summary>Quorum queues on a RabbitMQ server or cluster, 3.10 or newer.</summary>
    RabbitMq,
}

/// <summary>Section <c>Bus</c>.</summary>
public sealed class BusOptions
{
    public const string Section = "Bus";

    /// <summary>Default <see cref="BusTransport.Memory"/>.</summary>
    [EnumDataType(typeof(BusTransport))]
    public BusTransport Transport { get; set; } = BusTransport.Memory;

    /// <summary>
    /// <c>amqp://host:port/virtual-host</c>, or <c>amqps</c>. Required for RabbitMQ. May carry user and password when it comes from the
    /// environment or a file; MUST NOT be taken from the command line with them, where every user of the machine reads it.
    /// </summary>
    public Uri? RabbitMq { get; set; }

    /// <summary>Further nodes of the cluster, as <c>host:port</c>; after a failed connection the next one is tried. Default none.</summary>
    public IList<string> Nodes { get; } = [];

    /// <summary>
    /// The network between here and the server is encrypted and closed by other means: lets <c>amqp</c> go to another machine. Default false.
    /// </summary>
    public bool TrustNetwork { get; set; }

    /// <summary>User name, where the address has none. Default <c>guest</c>, for a server on this machine only.</summary>
    [Required]
    public string User { get; set; } = "guest";

    /// <summary>
    /// File that holds the password and nothing else, where the address has none. Default none: the password is <c>guest</c>, for a server on
    /// this machine only.
    /// </summary>
    public string? PasswordPath { get; set; }

    /// <summary>PEM of the roots that an <c>amqps</c> server's certificate must come from. Default: the system's.</summary>
    public string? RootPath { get; set; }

    /// <summary>Name that an <c>amqps</c> server's certificate must carry; the same on all nodes. Default: the host of the address.</summary>
    public string? ServerName { get; set; }

    /// <summary>Silence after which a peer counts as gone is twice this. Whole seconds. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Until a publish is confirmed; after that the connection is dropped and another node tried. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan PublishTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Unacknowledged messages a consumer holds. Default 200.</summary>
    [Range(1, 10_000)]
    public int Prefetch { get; set; } = 200;

    /// <summary>Deliveries of one message before it is dead-lettered: a message that kills its consumer must not do so for ever. Default 20.</summary>
    [Range(1, 1_000)]
    public int DeliveriesMax { get; set; } = 20;

    /// <summary>What one queue holds, in bytes; a full queue refuses publishes, and providers wait. Default 4 GiB.</summary>
    [Range(1_048_576L, 1_099_511_627_776L)]
    public long QueueBytesMax { get; set; } = 4L * 1024 * 1024 * 1024;
}

[OptionsValidator]
internal sealed partial class BusOptionsValidator : IValidateOptions<BusOptions>;

/// <summary>Checks what holds between fields.</summary>
internal sealed class BusOptionsConsistency : IValidateOptions<BusOptions>
{
    public ValidateOptionsResult Validate(string? name, BusOptions options)
    {
        if (options.Transport != BusTransport.RabbitMq)
            return ValidateOptionsResult.Success;
        var errors = new List<string>();
        if (options.RabbitMq is not { IsAbsoluteUri: true, Scheme: "amqp" or "amqps" })
            errors.Add("Bus:RabbitMq must be an amqp or amqps address when Bus:Transport is RabbitMq.");
        if (options.RootPath is not null && options.RabbitMq?.Scheme == "amqp")
            errors.Add("Bus:RootPath has no meaning without amqps.");
        if (options.PublishTimeout.TotalSeconds < 1 && options.Nodes.Count > 0)
            errors.Add("Bus:PublishTimeout must be at least 1 s for a cluster: an election takes that long.");
        if (options.RabbitMq is { IsAbsoluteUri: true } address && !IsOnThisMachine(address, options.Nodes))
        {
            if (address.Scheme == "amqp" && !options.TrustNetwork)
                errors.Add("Bus:RabbitMq must be amqps for another machine, unless Bus:TrustNetwork says that the network is encrypted by other means.");
            if (UsesTheShippedPassword(address, options))
                errors.Add("Bus: a RabbitMQ server on another machine needs a user and a password of its own, not guest's.");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static bool IsOnThisMachine(Uri address, IEnumerable<string> nodes) =>
        address.IsLoopback && nodes.All(node => Uri.TryCreate($"amqp://{node}", UriKind.Absolute, out var other) && other.IsLoopback);

    /// <summary>Known to everybody, whatever the user is called.</summary>
    private static bool UsesTheShippedPassword(Uri address, BusOptions options)
    {
        const string Shipped = "guest";
        return address.UserInfo.Split(':', 2) switch
        {
            [{ Length: > 0 } user, var password] => user == Shipped || password == Shipped,
            [{ Length: > 0 } user] => user == Shipped,
            _ => options.User == Shipped || options.PasswordPath is null,
        };
    }
}

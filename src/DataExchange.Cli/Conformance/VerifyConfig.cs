using System.Net;
using DataExchange.Broker.Catalogue;
using DataExchange.Contracts;
using DataExchange.Hosting;

namespace DataExchange.Cli.Conformance;

/// <summary>What <c>verify.yaml</c> says: which adapter, who the kit is to it, and what makes the department do something.</summary>
internal sealed record VerifyConfig
{
    public required DepartmentId Department { get; init; }

    /// <summary>Where the adapter listens, <c>https://host:port</c>.</summary>
    public required Uri Address { get; init; }

    /// <summary>Attributes, keys and schemes that the adapter is held to.</summary>
    public required CatalogueFile Catalogue { get; init; }

    /// <summary>The certificate that the adapter takes for its hub's, and the exchange's roots.</summary>
    public required TlsOptions Hub { get; init; }

    /// <summary>Where the kit takes what the adapter publishes; null where the adapter has another hub.</summary>
    public IPEndPoint? Listen { get; init; }

    /// <summary>A certificate of the exchange that has expired; null where there is none.</summary>
    public CertificateFiles? Expired { get; init; }

    /// <summary>Certificates of the exchange that are not the hub's.</summary>
    public IReadOnlyList<CertificateFiles> Others { get; init; } = [];

    /// <summary>Who asks and why, in Fetch.</summary>
    public Question Question { get; init; } = new("conformance-kit", "conformance", "conformance", "conformance");

    /// <summary>What the department does not answer any more; null where it leaves that to the hub.</summary>
    public Question? Revoked { get; init; }

    public VerifyCommands Commands { get; init; } = new();

    public VerifyLimits Limits { get; init; } = new();

    /// <summary>Where commands are run: the file's own folder.</summary>
    public required string Folder { get; init; }
}

/// <param name="Certificate">PEM, own certificate first.</param>
/// <param name="Key">PEM, open to its owner only.</param>
internal sealed record CertificateFiles(string Certificate, string Key);

internal sealed record Question(string Consumer, string Purpose, string LegalBasis, string Case);

/// <summary>Programs with their arguments, run without a shell; null or none where there is no such command.</summary>
internal sealed record VerifyCommands
{
    /// <summary>Checks the good configuration, starts nothing.</summary>
    public IReadOnlyList<string>? Check { get; init; }

    /// <summary>Each checks, or starts with, a configuration that has to be refused.</summary>
    public IReadOnlyList<IReadOnlyList<string>> CheckBad { get; init; } = [];

    /// <summary>Changes something at the source.</summary>
    public IReadOnlyList<string>? Change { get; init; }

    /// <summary>Takes something away at the source.</summary>
    public IReadOnlyList<string>? Withdraw { get; init; }

    /// <summary>Ends the adapter, as hard as may be, and starts it again; comes back when it is being started.</summary>
    public IReadOnlyList<string>? Restart { get; init; }
}

/// <summary>How long and how much.</summary>
internal sealed record VerifyLimits
{
    /// <summary>Longest answer of an adapter that states none. Default 1 s, as a hub waits; 10 ms to 30 s.</summary>
    public TimeSpan Answer { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Until a change at the source is in the stream. Default 30 s, 100 ms to 1 h.</summary>
    public TimeSpan Change { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Until the adapter answers again after its restart. Default 1 min, 100 ms to 1 h.</summary>
    public TimeSpan Restart { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Longest run of a command. Default 1 min, 100 ms to 1 h.</summary>
    public TimeSpan Command { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How far the department's clock may be from the kit's. Default 1 min, 1 s to 1 day.</summary>
    public TimeSpan Clock { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Batches of one reading; what is above is not looked at. Default 10,000, 1 to 1,000,000.</summary>
    public int Batches { get; init; } = 10_000;

    /// <summary>Calls under load. Default 200, 1 to 100,000.</summary>
    public int LoadCalls { get; init; } = 200;

    /// <summary>How many of them at once; never more than the adapter states. Default 16, 1 to 1,000.</summary>
    public int LoadAtOnce { get; init; } = 16;
}

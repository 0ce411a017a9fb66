using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace DataExchange.Cli.Witnesses;

/// <summary>Section <c>Witness</c>.</summary>
internal sealed class WitnessOptions
{
    public const string Section = "Witness";

    /// <summary>Name of its key, as <c>witness.example/w1</c>: without spaces and plus signs.</summary>
    [Required, RegularExpression(@"\A[^\s+]{1,200}\z")]
    public string Name { get; set; } = "";

    /// <summary>File of its key, 32 random bytes, open to its owner only; made when it is not there and nothing has been cosigned.</summary>
    [Required]
    public string KeyPath { get; set; } = "";

    /// <summary>Folder of what it has cosigned last. Whoever can write there can make it forget; it belongs on a host of its own.</summary>
    [Required]
    public string Folder { get; set; } = "";

    /// <summary>Address to listen at. Default 127.0.0.1.</summary>
    [Required]
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>Default 7460, 0 to 65,535; 0 takes a free one.</summary>
    [Range(0, 65_535)]
    public int Port { get; set; } = 7_460;

    /// <summary>PEM certificate for HTTPS, with <see cref="CertificateKeyPath"/>. Default none: plain HTTP, for loopback or behind a proxy.</summary>
    public string? CertificatePath { get; set; }

    /// <summary>PEM key of the certificate.</summary>
    public string? CertificateKeyPath { get; set; }

    /// <summary>Verifier keys of the logs it witnesses, 1 to 1,000; the name of each is the log's origin.</summary>
    [MinLength(1), MaxLength(1_000)]
    public IList<string> Logs { get; } = [];
}

[OptionsValidator]
internal sealed partial class WitnessOptionsValidator : IValidateOptions<WitnessOptions>;

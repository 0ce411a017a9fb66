using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace DataExchange.Hosting;

/// <summary>Who this process is and whom it trusts; PEM files, read once at start.</summary>
public sealed class TlsOptions
{
    public const string Section = "Tls";

    /// <summary>The exchange's SPIFFE trust domain, as <c>exchange.example</c>: a-z, 0-9, '-', '_', '.'; at most 255 characters.</summary>
    [Required]
    [RegularExpression(@"^[a-z0-9._-]{1,255}$")]
    public string TrustDomain { get; set; } = "";

    /// <summary>Own certificate first, then intermediates, if any.</summary>
    [Required]
    public string CertificatePath { get; set; } = "";

    /// <summary>Own private key, unencrypted PKCS#8 or SEC1. On Unix the process refuses to start if others than the owner can open it.</summary>
    [Required]
    public string KeyPath { get; set; } = "";

    /// <summary>The exchange's root certificates; the system's own are never trusted.</summary>
    [Required]
    public string RootPath { get; set; } = "";
}

[OptionsValidator]
internal sealed partial class TlsOptionsValidator : IValidateOptions<TlsOptions>;

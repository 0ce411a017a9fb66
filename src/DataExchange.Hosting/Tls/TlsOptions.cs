using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace DataExchange.Hosting;

/// <summary>Who this process is and whom it trusts; PEM files, read at start, certificate and key again when they are replaced.</summary>
public sealed partial class TlsOptions
{
    public const string Section = "Tls";
    private const string TrustDomainPattern = @"\A[a-z0-9._-]{1,255}\z";
    public const string TrustDomainRule = "must be 1 to 255 characters of a-z, 0-9, '-', '_' and '.'";

    /// <summary>The exchange's SPIFFE trust domain, as <c>exchange.example</c>; see <see cref="TrustDomainRule"/>.</summary>
    [Required]
    [RegularExpression(TrustDomainPattern, ErrorMessage = "Tls:TrustDomain " + TrustDomainRule + ".")]
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

    /// <summary>
    /// How often the files of certificate and key are looked at; new connections have the new certificate from then on. Default 5 s, 100 ms to 1 day.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan RenewalInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Who one is, trust domain and files, for a host that is started in code.</summary>
    public void CopyTo(TlsOptions other) =>
        (other.TrustDomain, other.CertificatePath, other.KeyPath, other.RootPath) = (TrustDomain, CertificatePath, KeyPath, RootPath);

    public static bool IsTrustDomain([NotNullWhen(true)] string? text) => text is not null && TrustDomainSpelling().IsMatch(text);

    [GeneratedRegex(TrustDomainPattern, RegexOptions.CultureInvariant)]
    private static partial Regex TrustDomainSpelling();
}

[OptionsValidator]
internal sealed partial class TlsOptionsValidator : IValidateOptions<TlsOptions>;

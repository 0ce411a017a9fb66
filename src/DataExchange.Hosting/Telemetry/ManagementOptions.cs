using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Options;

namespace DataExchange.Hosting;

/// <summary>Where health and metrics are answered, in clear and without asking who asks. Section <c>Management</c>.</summary>
public sealed class ManagementOptions
{
    public const string Section = "Management";

    /// <summary>Default the loopback address. Anything else belongs behind a firewall.</summary>
    [Required]
    public string Address { get; set; } = IPAddress.Loopback.ToString();

    /// <summary>0 takes a free one. Default 9464.</summary>
    [Range(0, 65_535)]
    public int Port { get; set; } = 9464;
}

[OptionsValidator]
internal sealed partial class ManagementOptionsValidator : IValidateOptions<ManagementOptions>;

internal sealed class ManagementAddressValidator : IValidateOptions<ManagementOptions>
{
    public ValidateOptionsResult Validate(string? name, ManagementOptions options) => IPAddress.TryParse(options.Address, out _)
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail("Management:Address must be an IP address.");
}

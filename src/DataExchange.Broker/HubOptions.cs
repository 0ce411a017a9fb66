using System.ComponentModel.DataAnnotations;
using DataExchange.Contracts;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker;

/// <summary>Section <c>Hub</c>.</summary>
public sealed class HubOptions
{
    public const string Section = "Hub";

    /// <summary>Name of this broker, the one in its certificate: <c>spiffe://trust-domain/hub/broker-id</c>. See <see cref="CodeName"/>.</summary>
    [Required, RegularExpression(@"\A[a-z0-9][a-z0-9-]{0,62}\z")]
    public string BrokerId { get; set; } = "";

    /// <summary>The queue that this hub's batches come by.</summary>
    public string IndexQueue => $"dx-index-{BrokerId}";

    /// <summary>Folder of index, audit log, catalogue and keys, where their own options name no other place.</summary>
    [Required]
    public string DataDirectory { get; set; } = "";

    /// <summary>Address of the gRPC listener. Default 0.0.0.0: every caller has to show a registered key.</summary>
    [Required]
    public string Address { get; set; } = "0.0.0.0";

    /// <summary>Default 7443, 0 to 65,535; 0 takes a free one.</summary>
    [Range(0, 65_535)]
    public int Port { get; set; } = 7_443;
}

[OptionsValidator]
internal sealed partial class HubOptionsValidator : IValidateOptions<HubOptions>;

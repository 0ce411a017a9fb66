using System.ComponentModel.DataAnnotations;
using DataExchange.Contracts;
using Microsoft.Extensions.Options;

namespace DataExchange.Hosting;

/// <summary>Section <c>Grpc</c>.</summary>
public sealed class GrpcLimits
{
    public const string Section = "Grpc";

    /// <summary>
    /// Largest message taken, in bytes, before it is parsed. Default: the largest batch of the contract and 64 KiB for what surrounds it.
    /// A service with smaller messages lowers it with <c>AddServiceOptions</c>.
    /// </summary>
    [Range(1_024, 67_108_864)]
    public int ReceiveBytesMax { get; set; } = WireLimits.BatchBytesMax + 65_536;

    /// <summary>Largest message sent, in bytes. Default 4 MiB.</summary>
    [Range(1_024, 67_108_864)]
    public int SendBytesMax { get; set; } = 4 * 1024 * 1024;

    /// <summary>Offers server reflection, to registered peers. Default off.</summary>
    public bool Reflection { get; set; }
}

[OptionsValidator]
internal sealed partial class GrpcLimitsValidator : IValidateOptions<GrpcLimits>;

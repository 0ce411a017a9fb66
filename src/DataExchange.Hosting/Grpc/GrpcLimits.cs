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

    /// <summary>
    /// Calls of one peer in work at once, listings of accesses and messages of its lookup streams; further ones wait, so that nobody's load is another's delay.
    /// Default 256, 1 to 100,000.
    /// </summary>
    [Range(1, 100_000)]
    public int WorkPerPeerMax { get; set; } = 256;

    /// <summary>Calls of one peer that may wait; one more is refused with CALLER_BUSY. Default 4,096, 0 to 1,000,000.</summary>
    [Range(0, 1_000_000)]
    public int WaitingPerPeerMax { get; set; } = 4_096;

    /// <summary>Offers server reflection, to registered peers. Default off.</summary>
    public bool Reflection { get; set; }
}

[OptionsValidator]
internal sealed partial class GrpcLimitsValidator : IValidateOptions<GrpcLimits>;

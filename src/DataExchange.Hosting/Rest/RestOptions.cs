using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace DataExchange.Hosting;

/// <summary>JSON over HTTP/1.1 and HTTP/2 beside gRPC, on the same port and behind the same certificates. Section <c>Rest</c>.</summary>
public sealed class RestOptions
{
    public const string Section = "Rest";

    /// <summary>Answers JSON on the methods whose proto names a path, and lets HTTP/1.1 in. Default off.</summary>
    public bool Enabled { get; set; }

    /// <summary>Shows the OpenAPI document as a page, <c>/docs</c>, to registered peers. Default off; nothing without <see cref="Enabled"/>.</summary>
    public bool Page { get; set; }

    /// <summary>Largest JSON body taken, in bytes; the message in it keeps its own limit. Default 256 KiB, 1 KiB to 4 MiB.</summary>
    [Range(1_024, 4_194_304)]
    public int RequestBytesMax { get; set; } = 256 * 1024;
}

[OptionsValidator]
internal sealed partial class RestOptionsValidator : IValidateOptions<RestOptions>;

using System.ComponentModel.DataAnnotations;

namespace DataExchange.AdapterHost.Configuration;

/// <summary>Rows of a JSON service, page by page.</summary>
internal sealed class RestConfig
{
    /// <summary>Address of the first page; https, or http on this machine. Its ETag, where the service gives one, has to change with any row of any page.</summary>
    [Required]
    public Uri? Address { get; set; }

    /// <summary>File that holds the Authorization header's value, as <c>Bearer ...</c>, readable by its owner only. Default none.</summary>
    public string? AuthorizationPath { get; set; }

    /// <summary>PEM of the roots that the service's certificate must come from. Default: the system's.</summary>
    public string? RootPath { get; set; }

    /// <summary>Property of a page that is the list of rows, as <c>data.items</c>. Default: the page is the list.</summary>
    public string? Items { get; set; }

    /// <summary>Property of a page that is the address of the next one, on the same server; the last page has none. Default: there is one page.</summary>
    public string? Next { get; set; }

    /// <summary>How often the service is asked. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "30.00:00:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long one page may take. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Size of one page. Default 16 MiB.</summary>
    [Range(1_024, 1_073_741_824)]
    public int PageBytesMax { get; set; } = 16 * 1_024 * 1_024;

    /// <summary>Pages of one reading; a service that never ends is a problem to be told. Default 100,000.</summary>
    [Range(1, 10_000_000)]
    public int PagesMax { get; set; } = 100_000;
}

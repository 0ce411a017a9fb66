namespace DataExchange.Broker;

/// <summary>Where the hub keeps what no option of its own gives a place.</summary>
internal static class DataDirectory
{
    /// <param name="configured">What the option says; empty for nothing.</param>
    /// <param name="name">Of the file or folder under <see cref="HubOptions.DataDirectory"/>.</param>
    /// <returns>Empty where neither is configured: the option's own rule then says so.</returns>
    public static string PathOr(this IConfiguration configuration, string configured, string name) =>
        configured.Length == 0 && configuration[$"{HubOptions.Section}:{nameof(HubOptions.DataDirectory)}"] is { Length: > 0 } data
            ? Path.Combine(data, name)
            : configured;
}

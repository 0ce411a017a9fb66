using System.Net.NetworkInformation;
using System.Security.Cryptography;

namespace DataExchange.FunctionalTests.Exchange;

/// <summary>Neighbouring loopback ports for one workspace: the hub takes the first, its management the second, the departments those after it.</summary>
internal static class PortBlock
{
    // Below the ports that the system hands out by itself.
    private const int First = 12_000;
    private const int Last = 31_000;

    // Departments that are processes of their own answer for their health this much above their port.
    public const int DepartmentManagementOffset = 1_000;

    /// <summary>The first of <paramref name="count"/> ports nobody listened on a moment ago.</summary>
    public static int Next(int count)
    {
        while (true)
        {
            var start = RandomNumberGenerator.GetInt32(First, Last - DepartmentManagementOffset - count);
            var taken = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select(listener => listener.Port).ToHashSet();
            var block = Enumerable.Range(start, count);
            if (!block.Concat(block.Select(port => port + DepartmentManagementOffset)).Any(taken.Contains))
                return start;
        }
    }
}

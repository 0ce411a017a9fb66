using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests;

[SetUpFixture]
public sealed class ServersTearDown
{
    [OneTimeTearDown]
    public Task StopServersAsync() => SharedServers.StopAsync();
}

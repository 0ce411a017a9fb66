using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

[SetUpFixture]
public sealed class ServersTearDown
{
    [OneTimeTearDown]
    public Task StopServersAsync() => SharedServers.StopAsync();
}

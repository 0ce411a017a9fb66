using DataExchange.Broker;

await BrokerHost.Build(WebApplication.CreateSlimBuilder(args)).RunAsync();

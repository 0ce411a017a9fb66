using DataExchange.AdapterHost;

return await AdapterCommands.RunAsync(args);

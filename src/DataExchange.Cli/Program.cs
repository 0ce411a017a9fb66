using DataExchange.Cli;

return await CommandLine.RunAsync(args);

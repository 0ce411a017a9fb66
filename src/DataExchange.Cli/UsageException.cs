namespace DataExchange.Cli;

/// <summary>The command cannot be done as given. The message says what is wrong and the way out; exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);

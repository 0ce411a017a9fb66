namespace DataExchange.Cli;

internal static class ExitCode
{
    public const int Ok = 0;
    public const int Finding = 1;
    public const int Usage = 2;
    public const int Unavailable = 3;
    public const int Denied = 4;
}

using DataExchange.Contracts;
using Grpc.Core;

namespace DataExchange.Cli.Conformance;

/// <summary>How one call ended.</summary>
/// <param name="Value">Null unless the status is OK; of a stream, what came before its end.</param>
/// <param name="Status">Of the call; DEADLINE_EXCEEDED where the kit gave it up.</param>
/// <param name="Reason">Of the error table, where the adapter names one.</param>
/// <param name="Took">Of a stream: the longest wait for a message.</param>
internal sealed record Answer<T>(T? Value, StatusCode Status, string Reason, TimeSpan Took)
    where T : class
{
    /// <summary>Whether the connection, or the call's stream in it, was ended in place of a status.</summary>
    public bool IsCutOff { get; private init; }

    public bool IsOk => Status == StatusCode.OK;

    /// <summary>Without anything that the adapter wrote itself: that could be about somebody.</summary>
    public string Told => IsOk ? "it was answered" : Reason.Length == 0 ? $"it ended with {Status}" : $"it ended with {Status} ({Reason})";

    public static Answer<T> Refused(RpcException refusal, TimeSpan took)
    {
        var reason = refusal.GetRpcStatus()?.GetDetail<Google.Rpc.ErrorInfo>()?.Reason;
        return new Answer<T>(null, refusal.StatusCode, ErrorReasons.All.Any(known => known.Name == reason) ? reason! : "", took)
        {
            IsCutOff = refusal.Status.DebugException is HttpRequestException or IOException,
        };
    }
}

/// <summary>What follows cannot be tried, since a rule before it is broken.</summary>
internal sealed class CheckEndedException : Exception;

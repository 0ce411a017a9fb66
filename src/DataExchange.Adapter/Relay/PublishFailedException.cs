using Google.Rpc;
using Grpc.Core;

namespace DataExchange.Adapter;

/// <summary>A batch was not confirmed. It may have arrived all the same: it is sent again, byte for byte.</summary>
/// <param name="reason">One word for the operator, as <c>TimedOut</c>.</param>
internal sealed class PublishFailedException(string reason) : Exception(reason)
{
    /// <summary>What an operator may read of any failure of hub or bus: a reason of the error table, a status, or a type; never a text.</summary>
    public static string ReasonOf(Exception exception) => exception switch
    {
        PublishFailedException failed => failed.Message,
        RpcException rpc => rpc.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason ?? rpc.StatusCode.ToString(),
        _ => exception.GetType().Name,
    };
}

using DataExchange.Contracts;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Rpc;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace DataExchange.Hosting;

/// <summary>Refusals that no gRPC method makes, in the form of those that one makes: <c>google.rpc.Status</c> as JSON.</summary>
internal static class RestErrors
{
    /// <summary>What a status carries. A detail that is not here could not be written, and the answer would be empty.</summary>
    public static TypeRegistry Details { get; } = TypeRegistry.FromMessages(ErrorInfo.Descriptor, BadRequest.Descriptor, RetryInfo.Descriptor);

    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithTypeRegistry(Details));

    public static Task WriteAsync(HttpContext context, ExchangeError error)
    {
        context.Response.StatusCode = error.Reason.Code switch
        {
            StatusCode.InvalidArgument => StatusCodes.Status400BadRequest,
            StatusCode.Unauthenticated => StatusCodes.Status401Unauthorized,
            StatusCode.PermissionDenied => StatusCodes.Status403Forbidden,
            StatusCode.NotFound => StatusCodes.Status404NotFound,
            StatusCode.ResourceExhausted => StatusCodes.Status429TooManyRequests,
            StatusCode.Unavailable => StatusCodes.Status503ServiceUnavailable,
            _ => StatusCodes.Status500InternalServerError,
        };
        context.Response.ContentType = "application/json; charset=utf-8";
        // Not the call's own token: it has ended where the caller's right has, and why must still be said.
        return context.Response.WriteAsync(Formatter.Format(error.ToRpcException().GetRpcStatus()), CancellationToken.None);
    }
}

using System.Diagnostics;
using DataExchange.Contracts;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace DataExchange.Hosting;

/// <summary>
/// The one place that turns exceptions into gRPC statuses. Expected failures arrive as <see cref="ExchangeError"/> made into an
/// <see cref="RpcException"/> and pass; anything else is a bug, answered INTERNAL with a trace id and nothing of its text.
/// </summary>
internal sealed partial class ErrorInterceptor(TimeProvider clock, IHostApplicationLifetime host, ILogger<ErrorInterceptor> logger) : Interceptor
{
    private const string StatusDetails = "grpc-status-details-bin";

    public static ExchangeError NotProtobuf { get; } = ExchangeError.Invalid([new FieldError("message", "must be protobuf of the method's type")]);

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        MarkHandled(context);
        try
        {
            return await continuation(request, context);
        }
        catch (Exception exception)
        {
            throw Translate(exception, context);
        }
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(requestStream, context);
        }
        catch (Exception exception)
        {
            throw Translate(exception, context);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        MarkHandled(context);
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception exception)
        {
            throw Translate(exception, context);
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(requestStream, responseStream, context);
        }
        catch (Exception exception)
        {
            throw Translate(exception, context);
        }
    }

    private static void MarkHandled(ServerCallContext context)
    {
        if (context.GetHttpContext().Features.Get<CallStage>() is { } stage)
            stage.Handled = true;
    }

    private RpcException Translate(Exception exception, ServerCallContext context) => exception switch
    {
        RpcException { StatusCode: StatusCode.ResourceExhausted } bare when bare.Trailers.Get(StatusDetails) is null =>
            ExchangeError.Of(ErrorReasons.MessageTooLarge).ToRpcException(),
        // A call that the service made itself: its text names addresses and its code is not ours to give.
        RpcException { Status.DebugException: not null } => Unexpected(exception, context),
        RpcException rpc => rpc,
        InvalidProtocolBufferException => NotProtobuf.ToRpcException(),
        _ when context.CancellationToken.IsCancellationRequested && IsEndOfCall(exception) => Ended(context),
        OperationCanceledException when host.ApplicationStopping.IsCancellationRequested => ExchangeError.Of(ErrorReasons.Stopping).ToRpcException(),
        _ => Unexpected(exception, context),
    };

    /// <summary>What the platform throws out of reads and writes of a call that its caller has left.</summary>
    private static bool IsEndOfCall(Exception exception) => exception is OperationCanceledException or IOException or InvalidOperationException;

    private RpcException Ended(ServerCallContext context) =>
        context.GetHttpContext().Features.Get<CallStage>()?.Call?.Refusal is { } refusal ? refusal.ToRpcException()
        : context.Deadline <= clock.GetUtcNow().UtcDateTime ? ExchangeError.Of(ErrorReasons.DeadlineTooShort).ToRpcException()
        : new RpcException(new Status(StatusCode.Cancelled, "The caller left."));

    private RpcException Unexpected(Exception exception, ServerCallContext context)
    {
        var traceId = Activity.Current?.TraceId.ToHexString() ?? context.GetHttpContext().TraceIdentifier;
        Log.Unexpected(logger, context.Method, traceId, ExceptionTypes(exception), exception.StackTrace ?? "");
        return (ExchangeError.Of(ErrorReasons.Internal) with { Metadata = new Dictionary<string, string> { ["traceId"] = traceId } }).ToRpcException();
    }

    private static string ExceptionTypes(Exception exception)
    {
        var types = exception.GetType().ToString();
        return exception.InnerException is { } inner ? $"{types} < {ExceptionTypes(inner)}" : types;
    }

    private static partial class Log
    {
        // Types and stack only: an exception's message can quote what a caller sent.
        [LoggerMessage(300, LogLevel.Error, "{Method} failed unexpectedly, trace {TraceId}: {Exception}\n{Stack}", EventName = "UnexpectedFailure")]
        public static partial void Unexpected(ILogger logger, string method, string traceId, string exception, string stack);
    }
}

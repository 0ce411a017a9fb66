using DataExchange.Contracts;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace DataExchange.Hosting;

/// <summary>How far a call has come, kept beside it.</summary>
internal sealed class CallStage
{
    /// <summary>Set when the request has been read and the interceptors have taken over.</summary>
    public bool Handled { get; set; }

    /// <summary>null where the caller is not of a mutual TLS listener.</summary>
    public OpenCalls.OpenCall? Call { get; init; }
}

/// <summary>
/// Around the interceptors: gRPC reads a unary request before they run and writes the answer after, and answers what goes wrong there
/// UNKNOWN or without details, and a call that was ended not at all. Gives these failures the form that all others have.
/// </summary>
internal sealed partial class CallBoundary(RequestDelegate next, OpenCalls calls, ILogger<CallBoundary> logger)
{
    private const string StatusHeader = "grpc-status";
    private const string DetailsHeader = "grpc-status-details-bin";

    public async Task InvokeAsync(HttpContext context)
    {
        using var call = context.Features.Get<PeerConnection>() is { } peer ? calls.Open(context, peer) : null;
        var stage = new CallStage { Call = call };
        context.Features.Set(stage);
        await next(context);
        // Has no trailers: RestBoundary sees to it.
        if (context.IsRest())
            return;
        if (call?.Refusal is { } refusal)
            AnswerEnded(context.Response, refusal);
        if (context.Response.HasStarted || context.Response.Headers.ContainsKey(DetailsHeader))
            return;
        var status = context.Response.Headers[StatusHeader].ToString();
        if (status == StatusOf(StatusCode.ResourceExhausted))
            Answer(context.Response.Headers, ExchangeError.Of(ErrorReasons.MessageTooLarge));
        else if (status == StatusOf(StatusCode.Unknown))
            Answer(context.Response.Headers, stage.Handled ? Unwritable(context) : Unreadable(context));
    }

    /// <summary>A body that says it is longer than the listener takes is refused before gRPC sees its length.</summary>
    private static ExchangeError Unreadable(HttpContext context) =>
        context.Request.ContentLength > context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize
            ? ExchangeError.Of(ErrorReasons.MessageTooLarge)
            : ErrorInterceptor.NotProtobuf;

    private ExchangeError Unwritable(HttpContext context)
    {
        Log.Unwritable(logger, context.Request.Path, context.TraceIdentifier);
        return ExchangeError.Of(ErrorReasons.Internal);
    }

    /// <summary>Says why, unless the call has ended for a reason of its own before: at its deadline gRPC has sent the trailers already.</summary>
    private static void AnswerEnded(HttpResponse response, ExchangeError refusal)
    {
        var trailers = response.HasStarted ? response.HttpContext.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers : response.Headers;
        var status = trailers[StatusHeader].ToString();
        if (!trailers.ContainsKey(DetailsHeader) && (status is "" or "0" || status == StatusOf(StatusCode.Cancelled)))
            Answer(trailers, refusal);
    }

    private static void Answer(IHeaderDictionary trailers, ExchangeError error)
    {
        var exception = error.ToRpcException();
        trailers[StatusHeader] = StatusOf(exception.StatusCode);
        trailers["grpc-message"] = Uri.EscapeDataString(exception.Status.Detail);
        trailers[DetailsHeader] = Convert.ToBase64String(exception.Trailers.GetValueBytes(DetailsHeader)!);
    }

    private static string StatusOf(StatusCode code) => ((int)code).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static partial class Log
    {
        [LoggerMessage(301, LogLevel.Error, "{Method} was handled, but its answer could not be written, trace {TraceId}", EventName = "AnswerUnwritable")]
        public static partial void Unwritable(ILogger logger, string method, string traceId);
    }
}

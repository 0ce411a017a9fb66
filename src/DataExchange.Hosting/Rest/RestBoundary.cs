using System.Text.Json;
using DataExchange.Contracts;
using Google.Protobuf.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace DataExchange.Hosting;

/// <summary>
/// Around a JSON call: its body is read whole within its limit and held to the message's fields, as are the parameters of a path; and what the
/// transcoder itself would say of one that it cannot read, which may quote it, is replaced by our own words.
/// </summary>
internal sealed class RestBoundary(RequestDelegate next, IOptions<RestOptions> options)
{
    private static readonly ExchangeError NotJson = ExchangeError.Invalid(
        [new FieldError("message", "must be application/json in UTF-8 of the method's type: its fields, each once, and no others")]);

    private static readonly ExchangeError NotParameters = ExchangeError.Invalid(
        [new FieldError("query", "must hold the method's fields, each once and of its type, and no others; none where the method has a body")]);

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetRestMethod() is not { } method)
        {
            await next(context);
            return;
        }

        var stage = context.Features.GetRequiredFeature<CallStage>();
        var hasBody = !HttpMethods.IsGet(context.Request.Method);
        var refusal = !HoldsFieldsOf(context.Request.Query, hasBody ? [] : method.InputType.Fields.InDeclarationOrder()) ? NotParameters
            : hasBody ? await ReadAsync(context, method.InputType, stage)
            : null;
        if (refusal is not null)
        {
            await RestErrors.WriteAsync(context, refusal);
            return;
        }

        var answer = context.Response.Body;
        context.Response.Body = new HandledAnswer(answer, stage);
        await next(context);
        context.Response.Body = answer;
        if (!stage.Handled)
            await RestErrors.WriteAsync(context, stage.Call?.Refusal ?? (hasBody ? NotJson : NotParameters));
    }

    private async Task<ExchangeError?> ReadAsync(HttpContext context, MessageDescriptor message, CallStage stage)
    {
        if (!IsJson(context.Request.ContentType))
            return NotJson;
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = options.Value.RequestBytesMax;
        var body = new MemoryStream();
        try
        {
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            using var json = JsonDocument.Parse(body.GetBuffer().AsMemory(0, (int)body.Length), Strict);
            body.Position = 0;
            context.Request.Body = body;
            return HoldsFieldsOf(json.RootElement, message) ? null : NotJson;
        }
        catch (BadHttpRequestException tooLarge) when (tooLarge.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return ExchangeError.Of(ErrorReasons.MessageTooLarge);
        }
        catch (Exception broken) when (broken is IOException or OperationCanceledException)
        {
            // Framed wrongly, too slow, cut off by its caller, or ended with the caller's right: none of it our fault.
            return stage.Call?.Refusal ?? NotJson;
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            // The latter of a name that is no Unicode text.
            return NotJson;
        }
    }

    /// <summary>Parameters that it does not know, or of a call with a body, the transcoder passes over as well.</summary>
    private static bool HoldsFieldsOf(IQueryCollection query, IList<FieldDescriptor> fields)
    {
        var seen = new HashSet<int>();
        return query.All(parameter => fields.FirstOrDefault(field => IsNamed(field, parameter.Key)) is { } field
            && seen.Add(field.FieldNumber)
            && parameter.Value.Count == 1);
    }

    /// <summary>What is said to be in another encoding would be read differently here and by the transcoder.</summary>
    private static bool IsJson(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
        && (!type.Charset.HasValue || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// The transcoder passes over fields that it does not know: whoever misspells the time until which a question is kept from its subject
    /// would not hear of it. Kinds of values are the transcoder's affair.
    /// </summary>
    private static bool HoldsFieldsOf(JsonElement json, MessageDescriptor message)
    {
        if (json.ValueKind == JsonValueKind.Array)
            return json.EnumerateArray().All(element => HoldsFieldsOf(element, message));
        if (json.ValueKind != JsonValueKind.Object)
            return true;
        var seen = new HashSet<int>();
        return json.EnumerateObject().All(property =>
            message.Fields.InDeclarationOrder().FirstOrDefault(field => IsNamed(field, property.Name)) is { } field
            && seen.Add(field.FieldNumber)
            && (field.FieldType != FieldType.Message || HoldsFieldsOf(property.Value, field.MessageType)));
    }

    private static bool IsNamed(FieldDescriptor field, string name) => field.JsonName == name || field.Name == name;
}

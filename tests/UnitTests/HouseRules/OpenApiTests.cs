using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using DataExchange.Contracts;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using NUnit.Framework;
using AnnotationsExtensions = Google.Api.AnnotationsExtensions;

namespace DataExchange.UnitTests.HouseRules;

/// <summary>docs/openapi.json is what the protos say of the JSON face, printed. With UPDATE_DOCS=1 the test writes it.</summary>
internal sealed class OpenApiTests
{
    private const string Document = "docs/openapi.json";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly ErrorReason[] OfEveryCall =
    [
        ErrorReasons.RequestInvalid, ErrorReasons.CertificateRefused, ErrorReasons.DepartmentUnknown, ErrorReasons.KeyNotRegistered,
        ErrorReasons.MessageTooLarge, ErrorReasons.CallerBusy, ErrorReasons.Internal, ErrorReasons.CatalogueUnavailable, ErrorReasons.Stopping,
    ];

    private static readonly ErrorReason[] OfAQuestion =
    [
        ErrorReasons.NotGranted, ErrorReasons.BudgetExhausted, ErrorReasons.ClusterTooLarge, ErrorReasons.AuditUnavailable, ErrorReasons.IndexUnavailable,
    ];

    private static readonly Dictionary<string, ErrorReason[]> OfMethods = new()
    {
        ["Lookup"] = OfAQuestion,
        ["ListAccesses"] = [.. OfAQuestion, ErrorReasons.AccessLogBehind],
        ["ExplainLookup"] =
            [ErrorReasons.NotFound, ErrorReasons.Busy, ErrorReasons.AuditUnavailable, ErrorReasons.TokenRefused, ErrorReasons.RoleMissing, ErrorReasons.RoleConflict],
    };

    private readonly ProtoComments _comments = new();
    private readonly SortedDictionary<string, JsonNode?> _schemas = new(StringComparer.Ordinal);

    [Test]
    public void Document_OfTheJsonFace_IsWhatTheProtosSay()
    {
        var printed = Print().ToJsonString(Indented) + "\n";
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
            File.WriteAllText(Repository.PathOf(Document), printed);

        Assert.That(Repository.Read(Document), Is.EqualTo(printed), "run the test with UPDATE_DOCS=1 to print the document anew");
    }

    private JsonObject Print()
    {
        var services = new[] { Wire.LookupService.Descriptor, Wire.CatalogueService.Descriptor, Wire.AccessLogService.Descriptor };
        var paths = new JsonObject();
        foreach (var method in services.SelectMany(service => service.Methods))
        {
            if (method.GetOptions()?.GetExtension(AnnotationsExtensions.Http) is { } rule)
                paths[rule.Get.Length > 0 ? rule.Get : rule.Post] = new JsonObject { [rule.Get.Length > 0 ? "get" : "post"] = Operation(method, rule) };
        }

        AddStatus();
        return new JsonObject
        {
            ["openapi"] = "3.1.1",
            ["info"] = new JsonObject
            {
                ["title"] = "DataExchange",
                ["version"] = "1.0.0",
                ["description"] = "The hub's JSON face: the same calls as over gRPC, under the same certificates, rights, budgets and audit log. "
                    + "Printed by a test from the protos. Bodies are UTF-8, hold each field once and no others; names are lowerCamelCase, "
                    + "and in requests also as the protos spell them. What receipts are hashes of: docs/rest.md.",
                ["contact"] = new JsonObject { ["name"] = "The operator of your exchange's hub" },
                ["license"] = new JsonObject { ["name"] = "Apache-2.0", ["identifier"] = "Apache-2.0" },
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "https://hub.exchange.test:7443", ["description"] = "Your exchange's hub." }),
            ["security"] = new JsonArray(new JsonObject { ["department"] = new JsonArray() }),
            ["tags"] = new JsonArray([.. services.Select(service => new JsonObject { ["name"] = service.Name, ["description"] = _comments.Of(service.FullName) })]),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = new JsonObject
                {
                    ["department"] = new JsonObject
                    {
                        ["type"] = "mutualTLS",
                        ["description"] = "TLS 1.3 with the department's certificate, whose key is registered in the catalogue: the caller is who its key says.",
                    },
                },
                ["schemas"] = new JsonObject(_schemas),
            },
        };
    }

    private JsonObject Operation(MethodDescriptor method, Google.Api.HttpRule rule)
    {
        var comment = _comments.Of(method.FullName);
        var operation = new JsonObject
        {
            ["operationId"] = char.ToLowerInvariant(method.Name[0]) + method.Name[1..],
            ["summary"] = method.Name,
            ["description"] = (comment.Length > 0 ? comment : $"See {method.Service.Name}.")
                + (method.IsServerStreaming ? " One JSON object a line, each as the schema says." : ""),
            ["tags"] = new JsonArray(method.Service.Name),
        };
        if (rule.Get.Length > 0)
            operation["parameters"] = new JsonArray([.. method.InputType.Fields.InFieldNumberOrder().Select(Parameter)]);
        else
            operation["requestBody"] = new JsonObject { ["required"] = true, ["content"] = Json(ReferenceTo(method.InputType, request: true)) };
        var responses = new JsonObject { ["200"] = new JsonObject { ["description"] = "The answer.", ["content"] = Json(ReferenceTo(method.OutputType, request: false)) } };
        foreach (var group in OfEveryCall.Concat(OfMethods.GetValueOrDefault(method.Name, [])).GroupBy(reason => HttpCode(reason.Code)).OrderBy(group => group.Key))
        {
            responses[group.Key.ToString(CultureInfo.InvariantCulture)] = new JsonObject
            {
                ["description"] = string.Join(" ", group.Select(reason => $"{reason.Name}: {reason.Meaning}")),
                ["content"] = Json(new JsonObject { ["$ref"] = "#/components/schemas/Status" }),
            };
        }

        operation["responses"] = responses;
        return operation;
    }

    private JsonObject Parameter(FieldDescriptor field) => new()
    {
        ["name"] = field.JsonName,
        ["in"] = "query",
        ["description"] = DescriptionOf(field),
        ["schema"] = SchemaOf(field, request: true),
    };

    private static JsonObject Json(JsonObject schema) => new() { ["application/json"] = new JsonObject { ["schema"] = schema } };

    private JsonObject ReferenceTo(MessageDescriptor message, bool request)
    {
        if (!_schemas.ContainsKey(message.Name))
        {
            _schemas[message.Name] = null;
            _schemas[message.Name] = SchemaOf(message, request);
        }

        return new JsonObject { ["$ref"] = $"#/components/schemas/{message.Name}" };
    }

    private JsonObject SchemaOf(MessageDescriptor message, bool request)
    {
        var schema = new JsonObject { ["type"] = "object" };
        if (_comments.Of(message.FullName) is { Length: > 0 } comment)
            schema["description"] = comment;
        schema["properties"] = new JsonObject(message.Fields.InFieldNumberOrder().Select(field =>
        {
            var property = SchemaOf(field, request);
            if (DescriptionOf(field) is { Length: > 0 } description)
                property["description"] = description;
            return KeyValuePair.Create<string, JsonNode?>(field.JsonName, property);
        }));
        // An answer may get further fields.
        if (request)
            schema["additionalProperties"] = false;
        return schema;
    }

    private string DescriptionOf(FieldDescriptor field)
    {
        var comment = _comments.Of(field.FullName);
        return field.ContainingOneof is { } oneof ? $"One of {string.Join(", ", oneof.Fields.Select(f => f.JsonName))}. {comment}".Trim() : comment;
    }

    private JsonObject SchemaOf(FieldDescriptor field, bool request)
    {
        if (field.IsMap)
            return new JsonObject { ["type"] = "object", ["additionalProperties"] = new JsonObject { ["type"] = "string" } };
        return field.IsRepeated ? new JsonObject { ["type"] = "array", ["items"] = ElementOf(field, request) } : ElementOf(field, request);
    }

    private JsonObject ElementOf(FieldDescriptor field, bool request) => field.FieldType switch
    {
        FieldType.Message when field.MessageType == Timestamp.Descriptor => new() { ["type"] = "string", ["format"] = "date-time" },
        FieldType.Message when field.MessageType == Duration.Descriptor => new() { ["type"] = "string", ["pattern"] = @"^-?\d{1,12}(\.\d{1,9})?s$" },
        FieldType.Message => ReferenceTo(field.MessageType, request),
        FieldType.Enum => new() { ["type"] = "string", ["enum"] = new JsonArray([.. field.EnumType.Values.Select(value => (JsonNode)value.Name)]) },
        FieldType.Bool => new() { ["type"] = "boolean" },
        FieldType.Int32 => new() { ["type"] = "integer", ["format"] = "int32" },
        FieldType.Int64 => new() { ["type"] = "string", ["format"] = "int64" },
        FieldType.UInt64 => new() { ["type"] = "string", ["format"] = "uint64" },
        FieldType.Bytes => new() { ["type"] = "string", ["contentEncoding"] = "base64" },
        FieldType.String => new() { ["type"] = "string" },
        _ => throw new NotSupportedException(field.FieldType.ToString()),
    };

    private void AddStatus()
    {
        var details = new[] { ErrorInfo.Descriptor, BadRequest.Descriptor, RetryInfo.Descriptor };
        foreach (var detail in details)
        {
            ReferenceTo(detail, request: false);
            var type = new JsonObject { ["type"] = "string", ["const"] = $"type.googleapis.com/{detail.FullName}" };
            ((JsonObject)_schemas[detail.Name]!["properties"]!).Insert(0, "@type", type);
            _schemas[detail.Name]!["required"] = new JsonArray("@type");
        }

        _schemas["Status"] = new JsonObject
        {
            ["type"] = "object",
            ["description"] = "google.rpc.Status: why a call failed. ErrorInfo names the reason of docs/errors.md, BadRequest the fields at fault, never their values, "
                + "RetryInfo when to ask again.",
            ["properties"] = new JsonObject
            {
                ["code"] = new JsonObject { ["type"] = "integer", ["format"] = "int32", ["description"] = "google.rpc.Code." },
                ["message"] = new JsonObject { ["type"] = "string" },
                ["details"] = new JsonObject
                {
                    ["type"] = "array",
                    ["items"] = new JsonObject { ["oneOf"] = new JsonArray([.. details.Select(detail => new JsonObject { ["$ref"] = $"#/components/schemas/{detail.Name}" })]) },
                },
            },
            ["required"] = new JsonArray("code", "message", "details"),
        };
    }

    /// <summary>google.rpc.Code says so beside each code.</summary>
    private static int HttpCode(StatusCode code) => code switch
    {
        StatusCode.InvalidArgument or StatusCode.FailedPrecondition or StatusCode.OutOfRange => 400,
        StatusCode.Unauthenticated => 401,
        StatusCode.PermissionDenied => 403,
        StatusCode.NotFound => 404,
        StatusCode.ResourceExhausted => 429,
        StatusCode.Internal or StatusCode.DataLoss => 500,
        StatusCode.Unavailable => 503,
        StatusCode.DeadlineExceeded => 504,
        _ => throw new NotSupportedException(code.ToString()),
    };
}

using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace DataExchange.Contracts;

/// <summary>A field that breaks a rule. Names the field and the rule, never the value.</summary>
/// <param name="Field">Path in the message, as <c>attributes[2].name</c>.</param>
/// <param name="Rule">What must hold, as a phrase: "must be ...".</param>
public readonly record struct FieldError(string Field, string Rule);

/// <summary>An expected failure, as a value. One place turns it into a gRPC status: <see cref="ToRpcException"/>.</summary>
public sealed record ExchangeError(ErrorReason Reason, string Detail)
{
    public IReadOnlyList<FieldError> Fields { get; init; } = [];

    /// <summary>Further facts for programs; keys lowerCamelCase, never an identifier or a value of a subject.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    public TimeSpan? RetryAfter { get; init; }

    public static ExchangeError Of(ErrorReason reason) => new(reason, reason.Meaning);

    public static ExchangeError Invalid(IReadOnlyList<FieldError> fields) =>
        new(ErrorReasons.RequestInvalid, string.Join("; ", fields.Select(f => $"{f.Field} {f.Rule}"))) { Fields = fields };

    /// <summary>google.rpc.Status with ErrorInfo, and BadRequest and RetryInfo where they apply.</summary>
    public RpcException ToRpcException()
    {
        var info = new ErrorInfo { Reason = Reason.Name, Domain = ErrorReasons.Domain };
        info.Metadata.Add("advice", Reason.Advice);
        foreach (var (key, value) in Metadata)
            info.Metadata[key] = value;

        var status = new Google.Rpc.Status { Code = (int)Reason.Code, Message = $"{Reason.Name}: {Detail}", Details = { Any.Pack(info) } };
        if (Fields.Count > 0)
            status.Details.Add(Any.Pack(new BadRequest { FieldViolations = { Fields.Select(Violation) } }));
        if (RetryAfter is { } delay)
            status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(delay) }));
        return status.ToRpcException();
    }

    private static BadRequest.Types.FieldViolation Violation(FieldError error) => new() { Field = error.Field, Description = error.Rule };
}

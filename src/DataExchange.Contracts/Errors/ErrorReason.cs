using Grpc.Core;

namespace DataExchange.Contracts;

/// <summary>One row of the error table: what a caller can rely on when a call, a batch or an attribute fails.</summary>
/// <param name="Name">UPPER_SNAKE_CASE, stable for ever; goes into <c>google.rpc.ErrorInfo.reason</c>.</param>
/// <param name="Code">gRPC status of a call that fails for this reason.</param>
/// <param name="Retryable">The same call can succeed later without anybody changing anything.</param>
/// <param name="Meaning">What happened. Says nothing about any subject.</param>
/// <param name="Advice">The way out.</param>
/// <param name="FixedBy">Who can mend it: caller, provider, operator or governance.</param>
public sealed record ErrorReason(string Name, StatusCode Code, bool Retryable, string Meaning, string Advice, string FixedBy)
{
    public override string ToString() => Name;
}

using DataExchange.Contracts;

namespace DataExchange.Adapter;

/// <summary>
/// The source gave a change that breaks the contract. Everything before it is stored, nothing after it is read until it is mended.
/// Names field and rule, never the value.
/// </summary>
internal sealed class ChangeRefusedException(FieldError error) : Exception($"{error.Field} {error.Rule}")
{
    public FieldError Error { get; } = error;
}

using DataExchange.Contracts;
using Google.Protobuf;

namespace DataExchange.Testing;

/// <summary>One change that the fake hub has applied.</summary>
/// <param name="Sequence">Its number in the stream, which is also its revision.</param>
/// <param name="Change">As it was published.</param>
public sealed record ReceivedChange(ulong Sequence, Wire.Change Change);

/// <summary>A batch that the fake hub did not apply, and why; the real hub would answer the same.</summary>
/// <param name="FirstSequence">Of the batch; 0 where that is not proven.</param>
/// <param name="Reason">Row of the error table, see docs/errors.md.</param>
/// <param name="Detail">The field and the rule that it breaks. Never a value.</param>
public sealed record RefusedBatch(ulong FirstSequence, ErrorReason Reason, string Detail);

/// <summary>What the fake hub holds about one attribute of one subject.</summary>
/// <param name="Value">null where the attribute is located.</param>
/// <param name="Locator">Empty where the attribute is held.</param>
/// <param name="AsOf">Since when it holds, as the department says.</param>
/// <param name="Sequence">The change that said so.</param>
public sealed record HeldFact(Wire.Value? Value, ByteString Locator, DateTimeOffset AsOf, ulong Sequence);

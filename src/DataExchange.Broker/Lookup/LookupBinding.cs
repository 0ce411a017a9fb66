using Google.Protobuf;
using Grpc.Core;

namespace DataExchange.Broker.Lookup;

/// <summary>What gRPC calls: it takes no other than virtual methods.</summary>
[BindServiceMethod(typeof(LookupBinding), nameof(LookupBinding.BindService))]
internal abstract class LookupBytesService
{
    /// <param name="request">A serialized <see cref="Wire.LookupRequest"/>, unread.</param>
    public abstract Task<LookupOutcome> Lookup(byte[] request, ServerCallContext context);

    /// <param name="requests">Serialized <see cref="Wire.LookupManyRequest"/>s, unread.</param>
    public abstract Task LookupMany(IAsyncStreamReader<byte[]> requests, IServerStreamWriter<LookupOutcome[]> responses, ServerCallContext context);
}

/// <summary>
/// The methods of <c>lookup.proto</c> over bytes instead of generated messages: a question is parsed beside the bytes that are hashed, and
/// an answer leaves as the bytes that were. On the wire nothing differs.
/// </summary>
internal static class LookupBinding
{
    private static readonly Method<byte[], LookupOutcome> Lookup = new(
        MethodType.Unary, Descriptor.FullName, nameof(LookupBytesService.Lookup), Received, Sent<LookupOutcome>(WriteAnswer));

    private static readonly Method<byte[], LookupOutcome[]> LookupMany = new(
        MethodType.DuplexStreaming, Descriptor.FullName, nameof(LookupBytesService.LookupMany), Received, Sent<LookupOutcome[]>(WriteResults));

    /// <summary>For server reflection, which looks for it by this name.</summary>
    public static Google.Protobuf.Reflection.ServiceDescriptor Descriptor => Wire.LookupService.Descriptor;

    private static Marshaller<byte[]> Received => Marshallers.Create<byte[]>((_, _) => throw new NotSupportedException(), context => context.PayloadAsNewBuffer());

    public static void BindService(ServiceBinderBase binder, LookupBytesService? service)
    {
        binder.AddMethod(Lookup, service is null ? null! : service.Lookup);
        binder.AddMethod(LookupMany, service is null ? null! : service.LookupMany);
    }

    private static void WriteAnswer(LookupOutcome outcome, SerializationContext context)
    {
        var answer = outcome.Answer.Span;
        context.SetPayloadLength(answer.Length);
        answer.CopyTo(context.GetBufferWriter().GetSpan(answer.Length));
        context.GetBufferWriter().Advance(answer.Length);
        context.Complete();
    }

    /// <summary>A <see cref="Wire.LookupManyResponse"/>.</summary>
    private static void WriteResults(LookupOutcome[] outcomes, SerializationContext context)
    {
        var message = WireBuffer.OfThread();
        foreach (var outcome in outcomes)
        {
            var result = message.Open(Wire.LookupManyResponse.ResultsFieldNumber);
            if (outcome.Refusal is null)
                message.Message(Wire.LookupResult.AnswerFieldNumber, outcome.Answer.Span);
            else
                message.Message(Wire.LookupResult.RefusalFieldNumber, outcome.ToWireRefusal().ToByteArray());
            message.Close(result);
        }

        context.SetPayloadLength(message.Written.Length);
        message.Written.CopyTo(context.GetBufferWriter().GetSpan(message.Written.Length));
        context.GetBufferWriter().Advance(message.Written.Length);
        context.Complete();
    }

    private static Marshaller<T> Sent<T>(Action<T, SerializationContext> write) =>
        Marshallers.Create(write, _ => throw new NotSupportedException());
}

using Google.Protobuf;
using Grpc.Core;

namespace DataExchange.Broker.Lookup;

/// <summary>
/// <see cref="LookupGrpcService"/> over messages instead of bytes, as the JSON transcoder needs it. What is hashed is the question's protobuf
/// serialization, in the order of its fields' numbers, and the answer's: whoever writes the JSON of both as protobuf gets these bytes.
/// </summary>
internal sealed class LookupRestService(LookupGrpcService lookup) : Wire.LookupService.LookupServiceBase
{
    public override async Task<Wire.LookupResponse> Lookup(Wire.LookupRequest request, ServerCallContext context) =>
        Wire.LookupResponse.Parser.ParseFrom((await lookup.Lookup(request.ToByteArray(), context)).Answer.Span);
}

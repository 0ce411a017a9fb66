using System.Buffers;
using DataExchange.Hosting;
using Grpc.Core;
using Grpc.Net.Client;

namespace DataExchange.Cli.Bench;

/// <summary>
/// The calling side of the lookup benchmark, the same towards hub and echo. Sends questions serialized beforehand and takes answers as
/// bytes, so that most of the machine is left to the server; every so often one answer is parsed and checked in full.
/// </summary>
internal sealed class LookupLoad : IDisposable
{
    private const int WorkersPerConnection = 16;
    private const int CheckedEvery = 512;
    private const string Service = "dataexchange.lookup.v1.LookupService";

    private static readonly Marshaller<byte[]> Sent = Marshallers.Create<byte[]>((bytes, context) => context.Complete(bytes), _ => []);
    private static readonly Method<byte[], Answer> Lookup = new(MethodType.Unary, Service, "Lookup", Sent, Read(ParseOne));
    private static readonly Method<byte[], Answer> LookupMany = new(MethodType.DuplexStreaming, Service, "LookupMany", Sent, Read(ParseMany));

    private readonly List<GrpcChannel> _channels = [];
    private readonly List<AsyncDuplexStreamingCall<byte[], Answer>> _streams = [];
    private readonly IReadOnlyList<byte[]> _questions;
    private readonly int _batch;
    private readonly int[] _next;

    /// <param name="batch">0 for unary calls, else lookups in a message.</param>
    /// <param name="questions">Serialized, taken in turn, each worker from a place of its own.</param>
    public LookupLoad(Uri address, TlsCredentials credentials, int concurrency, int batch, IReadOnlyList<byte[]> questions)
    {
        (_questions, _batch) = (questions, batch);
        _next = [.. Enumerable.Range(0, concurrency).Select(n => n * (questions.Count / concurrency))];
        for (var n = 0; n < concurrency; n += WorkersPerConnection)
            _channels.Add(MutualTlsClient.Connect(address, credentials, new ExpectedPeer(PeerRole.Hub)));
        for (var n = 0; n < concurrency && batch > 0; n++)
            _streams.Add(Invoker(n).AsyncDuplexStreamingCall(LookupMany, null, new CallOptions()));
    }

    /// <exception cref="BenchUnavailableException">The answer is not an answer.</exception>
    public async Task CallAsync(int worker)
    {
        var number = _next[worker]++;
        var question = _questions[number % _questions.Count];
        Answer answer;
        if (_batch == 0)
        {
            using var call = Invoker(worker).AsyncUnaryCall(Lookup, null, new CallOptions(), question);
            answer = await call.ResponseAsync;
        }
        else
        {
            await _streams[worker].RequestStream.WriteAsync(question);
            if (!await _streams[worker].ResponseStream.MoveNext())
                throw new BenchUnavailableException("The server ended the stream.");
            answer = _streams[worker].ResponseStream.Current;
        }

        if (answer.Provided is { } provided && provided != Math.Max(1, _batch) * BenchPopulation.Attributes.Count)
            throw new BenchUnavailableException($"An answer provided {provided} attributes.");
    }

    public void Dispose()
    {
        foreach (var stream in _streams)
            stream.Dispose();
        foreach (var channel in _channels)
            channel.Dispose();
    }

    private CallInvoker Invoker(int worker) => _channels[worker / WorkersPerConnection].CreateCallInvoker();

    private static Marshaller<Answer> Read(Func<ReadOnlySequence<byte>, int> parse)
    {
        var count = 0;
        return Marshallers.Create<Answer>((_, _) => { }, context =>
            new Answer(Interlocked.Increment(ref count) % CheckedEvery == 0 ? parse(context.PayloadAsReadOnlySequence()) : null));
    }

    private static int ParseOne(ReadOnlySequence<byte> bytes) => Provided(Wire.LookupResponse.Parser.ParseFrom(bytes));

    private static int ParseMany(ReadOnlySequence<byte> bytes) =>
        Wire.LookupManyResponse.Parser.ParseFrom(bytes).Results.Sum(r => r.Answer is null ? 0 : Provided(r.Answer));

    private static int Provided(Wire.LookupResponse answer) => answer.Answers.Count(a => a.Outcome == Wire.Outcome.Provided);

    /// <param name="Provided">Attributes with a value; null if this answer was not read.</param>
    private sealed record Answer(int? Provided);
}

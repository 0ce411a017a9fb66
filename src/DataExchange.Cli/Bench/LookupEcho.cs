using System.Net;
using DataExchange.Cli.Hosts;
using DataExchange.Hosting;
using Grpc.Core;

namespace DataExchange.Cli.Bench;

/// <summary>
/// The control of the lookup benchmark: the same service over the same TLS listener with nothing behind it. Reads every question and
/// writes an answer that the hub once gave, so that both move the same bytes through the same parser and writer.
/// </summary>
internal static class LookupEcho
{
    /// <param name="config">The hub's own configuration file: same certificate, same listener limits.</param>
    /// <param name="answerPath">A serialized <see cref="Wire.LookupResponse"/>.</param>
    public static async Task RunAsync(string config, int port, string answerPath, CancellationToken cancellationToken)
    {
        var builder = ConfiguredHost.Create(config);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.UseMutualTls(new IPEndPoint(IPAddress.Loopback, port));
        builder.Services.AddSingleton(Wire.LookupResponse.Parser.ParseFrom(await File.ReadAllBytesAsync(answerPath, cancellationToken)));
        builder.Services.AddGrpc();
        await using var app = builder.Build();
        app.MapGrpcService<EchoService>();
        await app.RunAsync(cancellationToken);
    }

    private sealed class EchoService(Wire.LookupResponse answer) : Wire.LookupService.LookupServiceBase
    {
        public override Task<Wire.LookupResponse> Lookup(Wire.LookupRequest request, ServerCallContext context) => Task.FromResult(answer);

        public override async Task LookupMany(
            IAsyncStreamReader<Wire.LookupManyRequest> requests, IServerStreamWriter<Wire.LookupManyResponse> responses, ServerCallContext context)
        {
            var result = new Wire.LookupResult { Answer = answer };
            await foreach (var request in requests.ReadAllAsync(context.CancellationToken))
            {
                var response = new Wire.LookupManyResponse();
                foreach (var _ in request.Lookups)
                    response.Results.Add(result);
                await responses.WriteAsync(response, context.CancellationToken);
            }
        }
    }
}

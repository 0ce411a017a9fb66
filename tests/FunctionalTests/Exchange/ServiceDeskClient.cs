using DataExchange.Cli.Exchange;
using Grpc.Core;
using Grpc.Net.Client;

namespace DataExchange.FunctionalTests.Exchange;

/// <summary>The consumer of a workspace, asking the hub over mutual TLS for everything that it is granted.</summary>
internal sealed class ServiceDeskClient(Workspace workspace, ExchangePlan plan) : IDisposable
{
    private const int LookupsPerMessage = 100;

    private readonly GrpcChannel _channel = workspace.ConnectToHub(plan.Consumer.Id);

    /// <exception cref="RpcException">Refused, or not answered in time.</exception>
    public async Task<Wire.LookupResponse> AskAsync(Name name, TimeSpan deadline) =>
        await new Wire.LookupService.LookupServiceClient(_channel).LookupAsync(Request(name), deadline: TimeProvider.System.GetUtcNow().UtcDateTime + deadline);

    /// <summary>Asks for each name, as a stream, and gives what the answers got wrong by the oracle; empty if all are right.</summary>
    public async Task<List<string>> FaultsAsync(IEnumerable<Name> names, RegisterOracle oracle)
    {
        var faults = new List<string>();
        using var call = new Wire.LookupService.LookupServiceClient(_channel).LookupMany();
        foreach (var chunk in names.Chunk(LookupsPerMessage))
        {
            var message = new Wire.LookupManyRequest { Lookups = { chunk.Select(Request) } };
            await call.RequestStream.WriteAsync(message);
            if (!await call.ResponseStream.MoveNext(CancellationToken.None))
                throw new InvalidOperationException("the hub ended the stream");
            var results = call.ResponseStream.Current.Results;
            if (results.Count != chunk.Length)
                faults.Add($"{chunk.Length} lookups, {results.Count} results");
            faults.AddRange(chunk.Zip(results, (name, result) => Fault(name, result, oracle)).OfType<string>());
        }

        await call.RequestStream.CompleteAsync();
        return faults;
    }

    private Wire.LookupRequest Request(Name name) => new()
    {
        Identifier = new() { Scheme = name.Scheme, Value = name.Value },
        Attributes = { plan.Attributes.Select(a => new Wire.AttributeId { Department = a.Owner.Id, Name = a.Attribute.Name }) },
        Purpose = plan.Consumer.Purpose,
        LegalBasis = plan.Consumer.LegalBasis,
        CaseId = "functional-test",
    };

    private string? Fault(Name name, Wire.LookupResult result, RegisterOracle oracle)
    {
        if (result.Answer is not { } answer)
            return $"{name}: {result.Refusal?.Reason}";
        var asked = plan.Attributes.Count();
        if (answer.Answers.Count != asked)
            return $"{name}: {asked} attributes asked, {answer.Answers.Count} answered";

        var expected = oracle.Expected(name);
        foreach (var item in answer.Answers)
        {
            var attribute = $"{item.Attribute.Department}/{item.Attribute.Name}";
            var wanted = expected.GetValueOrDefault(attribute) ?? [];
            var outcome = wanted.Count > 0 ? Wire.Outcome.Provided : Wire.Outcome.Absent;
            var values = item.Evidence.Select(evidence => evidence.Value.Text).Order(StringComparer.Ordinal);
            if (item.Outcome != outcome || !values.SequenceEqual(wanted) || item.Evidence.Any(evidence => evidence.Provider != item.Attribute.Department))
                return $"{name}: {attribute} is {item.Outcome} {item.Reason} [{string.Join(", ", values)}], the files say [{string.Join(", ", wanted)}]";
        }

        return null;
    }

    public void Dispose() => _channel.Dispose();
}

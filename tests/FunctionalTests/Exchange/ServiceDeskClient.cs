using DataExchange.Cli.Exchange;
using Grpc.Core;
using Grpc.Net.Client;
using NUnit.Framework;

namespace DataExchange.FunctionalTests.Exchange;

/// <summary>The consumer of a workspace, asking the hub over mutual TLS for everything that it is granted.</summary>
internal sealed class ServiceDeskClient(Workspace workspace, ExchangePlan plan) : IDisposable
{
    private const int LookupsPerMessage = 100;

    private int _cases;
    private readonly GrpcChannel _channel = workspace.ConnectToHub(plan.Consumer.Id);

    /// <summary>For messages that no client of the contract would send.</summary>
    public CallInvoker Calls => _channel.CreateCallInvoker();

    /// <exception cref="RpcException">Refused, or not answered in time.</exception>
    public async Task<Wire.LookupResponse> AskAsync(Name name, TimeSpan deadline) =>
        await new Wire.LookupService.LookupServiceClient(_channel).LookupAsync(Request(name), deadline: TimeProvider.System.GetUtcNow().UtcDateTime + deadline);

    /// <summary>Asks for each name over one stream, a message as soon as the one before is answered.</summary>
    /// <exception cref="RpcException">The stream broke.</exception>
    public async IAsyncEnumerable<(Name Name, Wire.LookupResult Result)> AskManyAsync(IEnumerable<Name> names, int lookupsPerMessage = LookupsPerMessage)
    {
        using var call = new Wire.LookupService.LookupServiceClient(_channel).LookupMany();
        foreach (var chunk in names.Chunk(lookupsPerMessage))
        {
            var message = new Wire.LookupManyRequest { Lookups = { chunk.Select(Request) } };
            await call.RequestStream.WriteAsync(message);
            Assert.That(await call.ResponseStream.MoveNext(CancellationToken.None), "the hub ended the stream");
            var results = call.ResponseStream.Current.Results;
            Assert.That(results, Has.Count.EqualTo(chunk.Length), "a result for each lookup");
            foreach (var answered in chunk.Zip(results))
                yield return answered;
        }

        await call.RequestStream.CompleteAsync();
        Assert.That(await call.ResponseStream.MoveNext(CancellationToken.None), Is.False, "more answers than messages");
    }

    /// <summary>Asks for each name and gives what the answers got wrong by the oracle; empty if all are right.</summary>
    public async Task<List<string>> FaultsAsync(IEnumerable<Name> names, RegisterOracle oracle)
    {
        var faults = new List<string>();
        await foreach (var (name, result) in AskManyAsync(names))
        {
            if (Fault(name, result, oracle) is { } fault)
                faults.Add(fault);
        }

        return faults;
    }

    private Wire.LookupRequest Request(Name name) => new()
    {
        Identifier = new() { Scheme = name.Scheme, Value = name.Value },
        Attributes = { plan.Attributes.Select(a => new Wire.AttributeId { Department = a.Owner.Id, Name = a.Attribute.Name }) },
        Purpose = plan.Consumer.Purpose,
        LegalBasis = plan.Consumer.LegalBasis,
        CaseId = $"functional-test-{Interlocked.Increment(ref _cases)}",
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

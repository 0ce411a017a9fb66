using DataExchange.Cli.Exchange;
using Grpc.Core;

namespace DataExchange.Cli.Bench;

/// <summary>Fills a hub's index with a population through its gRPC ingress, each department under its own key.</summary>
internal static class PopulationLoader
{
    private const int BatchChanges = 500;
    private const int Unanswered = 64;

    /// <exception cref="BenchUnavailableException">The hub refused a batch.</exception>
    public static async Task LoadAsync(Workspace workspace, BenchPopulation population, CancellationToken cancellationToken)
    {
        foreach (var department in population.Plan.Departments)
        {
            using var credentials = workspace.Credentials(department.Id);
            using var channel = workspace.ConnectToHub(department.Id);
            using var call = new Wire.ChangeIngressService.ChangeIngressServiceClient(channel).Publish(cancellationToken: cancellationToken);
            var unanswered = 0;
            foreach (var batch in BatchMaker.Sign(credentials, population.ChangesOf(department.Id), BatchChanges))
            {
                await call.RequestStream.WriteAsync(new Wire.PublishRequest { Batch = batch }, cancellationToken);
                if (++unanswered > Unanswered)
                    unanswered -= await AnswerAsync(call, cancellationToken);
            }

            await call.RequestStream.CompleteAsync();
            while (unanswered > 0)
                unanswered -= await AnswerAsync(call, cancellationToken);
        }
    }

    private static async Task<int> AnswerAsync(AsyncDuplexStreamingCall<Wire.PublishRequest, Wire.PublishResponse> call, CancellationToken cancellationToken)
    {
        if (!await call.ResponseStream.MoveNext(cancellationToken))
            throw new BenchUnavailableException("The hub ended the ingress stream.");
        var answer = call.ResponseStream.Current;
        return answer.Result == Wire.BatchResult.Applied ? 1 : throw new BenchUnavailableException($"The hub did not apply a batch: {answer.Reason} {answer.Detail}");
    }
}

using System.Diagnostics;
using System.Text.Json.Nodes;
using DataExchange.Contracts;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace DataExchange.Cli.Bench;

/// <summary>
/// <c>dx bench denied</c>: whether the time of a refusal tells if the hub knows the subject. Pairs of a subject that is there and one that is
/// not are asked about without a grant, each pair in random order, and Welch's t of the two times is printed: below 4.5 nothing is told.
/// </summary>
internal static class DeniedBench
{
    private const int Persons = 10_000;
    private const int Workers = 4;
    private const int WarmUpPairs = 2_000;

    // Times above this quantile of all of them are the machine's; the test without them is the sharper one.
    private const double Kept = 0.99;

    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create<byte[]>((bytes, context) => context.Complete(bytes), context => context.PayloadAsNewBuffer());
    private static readonly Method<byte[], byte[]> Lookup = new(MethodType.Unary, "dataexchange.lookup.v1.LookupService", "Lookup", Bytes, Bytes);

    public static async Task RunAsync(BenchSettings settings, int pairs, CancellationToken cancellationToken)
    {
        var population = new BenchPopulation(Persons);
        await using var hub = await BenchHub.StartAsync(settings.Folder, population, [], cancellationToken);
        // Of twice as many persons the first half are the ones published.
        var (present, absent) = (Questions(population, 0), Questions(new BenchPopulation(Persons * 2), Persons));

        BenchScreen.Step($"asking {pairs:N0} pairs");
        await AskAsync(hub, population, WarmUpPairs, present, absent, cancellationToken);
        var (there, notThere) = await AskAsync(hub, population, pairs, present, absent, cancellationToken);
        var limit = there.Concat(notThere).Order().ElementAt((int)((there.Count + notThere.Count) * Kept));
        Console.WriteLine(new JsonObject
        {
            ["operation"] = "denied-timing",
            ["pairs"] = there.Count,
            ["present_mean_us"] = Math.Round(there.Average(), 2),
            ["absent_mean_us"] = Math.Round(notThere.Average(), 2),
            ["t"] = Math.Round(WelchT(there, notThere), 3),
            ["t_below_p99"] = Math.Round(WelchT([.. there.Where(time => time < limit)], [.. notThere.Where(time => time < limit)]), 3),
        }.ToJsonString());
    }

    private static byte[][] Questions(BenchPopulation population, int first) => [.. Enumerable.Range(first, Persons).Select(number =>
    {
        var question = population.QuestionAbout(number);
        question.Purpose = "curiosity";
        return question.ToByteArray();
    })];

    private static async Task<(List<double> There, List<double> NotThere)> AskAsync(
        BenchHub hub, BenchPopulation population, int pairs, byte[][] present, byte[][] absent, CancellationToken cancellationToken)
    {
        var (there, notThere) = (new List<double>(pairs), new List<double>(pairs));
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(WorkAsync));
        return (there, notThere);

        async Task WorkAsync(int worker)
        {
            using var channel = hub.Workspace.ConnectToHub(population.Plan.Consumer.Id);
            var random = new Random(worker);
            for (var pair = 0; pair < pairs / Workers; pair++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var (first, at) = (random.Next(2), random.Next(Persons));
                var times = new double[2];
                foreach (var side in new[] { first, 1 - first })
                    times[side] = await TimeAsync(channel, side == 0 ? present[at] : absent[at]);
                lock (there)
                {
                    there.Add(times[0]);
                    notThere.Add(times[1]);
                }
            }
        }
    }

    /// <exception cref="BenchUnavailableException">It was not refused.</exception>
    private static async Task<double> TimeAsync(GrpcChannel channel, byte[] question)
    {
        var begun = Stopwatch.GetTimestamp();
        using var call = channel.CreateCallInvoker().AsyncUnaryCall(Lookup, null, new CallOptions(), question);
        await ((Task)call.ResponseAsync).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var time = Stopwatch.GetElapsedTime(begun).TotalMicroseconds;
        return call.GetStatus().StatusCode == ErrorReasons.NotGranted.Code ? time : throw new BenchUnavailableException($"The hub answered {call.GetStatus().StatusCode}.");
    }

    private static double WelchT(List<double> a, List<double> b)
    {
        var (meanA, meanB) = (a.Average(), b.Average());
        return (meanA - meanB) / Math.Sqrt((Variance(a, meanA) / a.Count) + (Variance(b, meanB) / b.Count));
    }

    private static double Variance(List<double> times, double mean) => times.Sum(time => (time - mean) * (time - mean)) / (times.Count - 1);
}

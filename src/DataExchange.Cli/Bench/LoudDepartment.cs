using System.Globalization;
using DataExchange.Cli.Exchange;

namespace DataExchange.Cli.Bench;

/// <summary>
/// A department that keeps as many calls open as its parent last said: a process of its own, so that what it does to the other's times it does
/// through the hub.
/// </summary>
internal static class LoudDepartment
{
    /// <param name="folder">The workspace of the hub that is asked.</param>
    /// <param name="port">The hub's.</param>
    /// <param name="department">Who asks.</param>
    /// <param name="callsMax">The most that the parent will say.</param>
    public static async Task RunAsync(string folder, int port, string department, int callsMax, CancellationToken cancellationToken)
    {
        var population = new BenchPopulation(FairShareBench.Persons);
        var workspace = Workspace.Prepare(new ExchangeSettings(folder, port, RabbitMq: null), population.Plan);
        using var credentials = workspace.Credentials(department);
        using var load = new LookupLoad(workspace.HubAddress, credentials, callsMax, 0, population.Questions(5_000, batch: 0));
        var (calls, told) = (0, new TaskCompletionSource());
        var workers = Enumerable.Range(0, callsMax).Select(WorkAsync).ToArray();
        await ChildConsole.AnswerAsync(
            question =>
            {
                Volatile.Write(ref calls, int.Parse(question, CultureInfo.InvariantCulture));
                Interlocked.Exchange(ref told, new TaskCompletionSource()).SetResult();
                return workers.FirstOrDefault(worker => worker.IsFaulted)?.Exception?.Message ?? "";
            },
            cancellationToken);

        async Task WorkAsync(int number)
        {
            await Task.Yield();
            while (true)
            {
                var next = Volatile.Read(ref told).Task;
                if (number < Volatile.Read(ref calls))
                    await load.CallAsync(number);
                else
                    await next.WaitAsync(cancellationToken);
            }
        }
    }
}

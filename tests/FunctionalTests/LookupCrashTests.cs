using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using DataExchange.Broker.Audit;
using DataExchange.FunctionalTests.Exchange;
using DataExchange.Testing;
using Google.Protobuf;
using Grpc.Core;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>The hub killed while callers are in the middle of lookups, again and again: no answer has left that its audit log does not know.</summary>
internal sealed class LookupCrashTests
{
    private const int Seed = 20_261_125;
    private const int Kills = 8;
    private const int AnswersBeforeKillMax = 300;
    private const int UnaryCallers = 6;
    private const int StreamCallers = 3;
    private const int LookupsPerMessage = 15;
    private static readonly TimeSpan ReadyMax = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Test]
    public async Task Hub_KilledInMidLookup_KnowsEveryAnswerThatLeftAndAnswersTheSame()
    {
        // Held and located values, so that a kill can fall into a live fetch too.
        await using var exchange = await RegisterExchange.PrepareAsync(rabbitMq: null, "govuk", "oscar", RegisterOracle.Authority);
        await exchange.StartAsync(RegisterExchange.Hub, RegisterExchange.Patient);
        foreach (var department in exchange.Plan.Departments)
            await exchange.StartAsync(department.Id);
        await exchange.WhenCompleteAsync(TimeSpan.FromMinutes(1));
        var names = exchange.Oracle.MapRows.Where(row => row.Scheme == "oscar").ToArray();
        await AssertRightAsync(exchange, names);
        var before = await FactsAsync(exchange, names);

        var random = new Random(Seed);
        var (answers, outages) = (new List<Wire.LookupResponse>(), new List<TimeSpan>());
        for (var kill = 0; kill < Kills; kill++)
        {
            await using var slow = await SlowAuditAsync(exchange[RegisterExchange.Hub].Id);
            var callers = new Callers(exchange, names, killAfter: random.Next(1, AnswersBeforeKillMax));
            await callers.WhenDueAsync();
            await exchange.KillAsync(RegisterExchange.Hub);
            Assert.That(await callers.EndsAsync(), Is.All.AnyOf(StatusCode.Unavailable, StatusCode.Cancelled), $"kill {kill}");
            answers.AddRange(callers.Answers);

            var watch = Stopwatch.StartNew();
            await exchange.StartAsync(RegisterExchange.Hub, RegisterExchange.Patient);
            Assert.That(await FactsAsync(exchange, names[..LookupsPerMessage]), Is.EqualTo(before[..LookupsPerMessage]), $"kill {kill}");
            outages.Add(watch.Elapsed);
        }

        Assert.That(await FactsAsync(exchange, names), Is.EqualTo(before));
        await TestContext.Out.WriteLineAsync($"{answers.Count} answers; ready after {string.Join(", ", outages.Select(outage => $"{outage.TotalSeconds:N1} s"))}");
        AssertAudited(exchange, answers);
        // The restart that was least disturbed, on what a neighbour leaves of the machine: a hub that takes long is late in all of them.
        Assert.That(outages.Min(), Is.LessThanOrEqualTo(ReadyMax * Math.Max(1, await LoadAsync())));
        Assert.That(exchange.Errors(), Is.Empty);
    }

    /// <summary>Each answer's entry stands where its receipt says, and is about this answer and no other.</summary>
    private static void AssertAudited(RegisterExchange exchange, List<Wire.LookupResponse> answers)
    {
        var log = new AuditReader(exchange.AuditFolder);
        var entries = log.Read().Select(entry => entry.ToArray()).ToArray();
        Assert.That(answers.Select(answer => answer.Receipt.EntryIndex), Is.Unique);
        Assert.That(entries, Has.Length.GreaterThanOrEqualTo(answers.Count));
        foreach (var answer in answers)
        {
            var receipt = answer.Receipt;
            Assert.That((receipt.LogId, receipt.EntryIndex), Is.EqualTo((log.LogId, Math.Min(receipt.EntryIndex, log.Count - 1))));
            var entry = entries[receipt.EntryIndex];
            var unreceipted = answer.Clone();
            unreceipted.Receipt = null;

            Assert.That(receipt.EntryHash.ToByteArray(), Is.EqualTo(SHA256.HashData([0, .. entry])), $"entry {receipt.EntryIndex}");
            Assert.That(
                Wire.AuditEntry.Parser.ParseFrom(entry).AnswerHash.ToByteArray(),
                Is.EqualTo(SHA256.HashData([.. receipt.Salt, .. unreceipted.ToByteArray()])), $"entry {receipt.EntryIndex}");
        }
    }

    /// <summary>
    /// Each write of the audit log comes 50 ms late: an answer that did not wait for it would be with its caller by then, and the kill
    /// that follows an answer falls before the write. Holds the log's own thread only.
    /// </summary>
    private static async Task<ServerProcess> SlowAuditAsync(int hub)
    {
        var writer = Directory.GetDirectories($"/proc/{hub}/task").Single(thread => File.ReadAllText(Path.Combine(thread, "comm")) == "audit-writer\n");
        var slow = ServerProcess.Start("strace", ["-p", Path.GetFileName(writer), "-e", "inject=pwrite64:delay_enter=50000", "-o", "/dev/null"]);
        try
        {
            await slow.WaitForLineAsync("attached");
        }
        catch (InvalidOperationException) when (!Environment.IsPrivilegedProcess)
        {
            // Where only root may attach to a process that is not its child, the kills fall where they fall.
            await TestContext.Out.WriteLineAsync(slow.Output);
        }

        return slow;
    }

    /// <summary>How many want each core, on average over the last minute.</summary>
    private static async Task<double> LoadAsync() =>
        double.Parse((await File.ReadAllTextAsync("/proc/loadavg")).Split(' ')[0], CultureInfo.InvariantCulture) / Environment.ProcessorCount;

    private static async Task AssertRightAsync(RegisterExchange exchange, Name[] names)
    {
        using var desk = exchange.Connect();
        Assert.That(await desk.FaultsAsync(names, exchange.Oracle), Is.Empty);
    }

    /// <summary>What the hub says of each name, without what differs from call to call: times, ages and receipts.</summary>
    private static async Task<string[]> FactsAsync(RegisterExchange exchange, Name[] names)
    {
        var facts = new List<string>();
        using var desk = exchange.Connect();
        await foreach (var (name, result) in desk.AskManyAsync(names))
        {
            facts.Add($"{name} {result.Refusal?.Reason} " + string.Join("; ", (result.Answer?.Answers ?? []).Select(answer =>
                $"{answer.Attribute} {answer.Outcome} {answer.Reason} "
                + string.Join(", ", answer.Evidence.Select(evidence => $"{evidence.Value} {evidence.Provider} {evidence.Sequence} {evidence.AsOf} {evidence.Origin}")))));
        }

        return [.. facts];
    }

    /// <summary>Clients with a connection each that ask without pause until their connection breaks.</summary>
    private sealed class Callers
    {
        private readonly TaskCompletionSource _due = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ConcurrentQueue<Wire.LookupResponse> _answers = new();
        private readonly Task<StatusCode>[] _callers;
        private readonly int _killAfter;

        public Callers(RegisterExchange exchange, Name[] names, int killAfter)
        {
            _killAfter = killAfter;
            _callers =
            [
                .. Enumerable.Range(0, UnaryCallers).Select(n => UntilBrokenAsync(exchange, desk => AskEachAsync(desk, From(n)))),
                .. Enumerable.Range(UnaryCallers, StreamCallers).Select(n => UntilBrokenAsync(exchange, desk => AskManyAsync(desk, From(n)))),
            ];

            IEnumerable<Name> From(int caller) => Enumerable.Repeat(names[(caller * names.Length / (UnaryCallers + StreamCallers))..], int.MaxValue).SelectMany(n => n);
        }

        public IReadOnlyCollection<Wire.LookupResponse> Answers => _answers;

        /// <summary>So many answers have come that it is time to kill. All callers are in a call then, or about to begin their next.</summary>
        public async Task WhenDueAsync() =>
            Assert.That(await Task.WhenAny([_due.Task, .. _callers]).WaitAsync(Deadline), Is.SameAs(_due.Task), "a caller ended before the kill");

        /// <summary>How each caller's last call ended.</summary>
        public Task<StatusCode[]> EndsAsync() => Task.WhenAll(_callers).WaitAsync(Deadline);

        private async Task AskEachAsync(ServiceDeskClient desk, IEnumerable<Name> names)
        {
            foreach (var name in names)
                Take(await desk.AskAsync(name, Deadline));
        }

        private async Task AskManyAsync(ServiceDeskClient desk, IEnumerable<Name> names)
        {
            await foreach (var (name, result) in desk.AskManyAsync(names, LookupsPerMessage))
                Take(result.Answer ?? throw new InvalidOperationException($"{name}: {result.Refusal?.Reason}"));
        }

        private void Take(Wire.LookupResponse answer)
        {
            _answers.Enqueue(answer);
            if (_answers.Count >= _killAfter)
                _due.TrySetResult();
        }

        private static async Task<StatusCode> UntilBrokenAsync(RegisterExchange exchange, Func<ServiceDeskClient, Task> ask)
        {
            using var desk = exchange.Connect();
            try
            {
                await ask(desk);
                return StatusCode.OK;
            }
            catch (RpcException broken)
            {
                return broken.StatusCode;
            }
        }
    }
}

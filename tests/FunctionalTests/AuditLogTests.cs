using System.Diagnostics;
using System.Net;
using System.Text.Json;
using DataExchange.FunctionalTests.Hub;
using DataExchange.Hosting;
using DataExchange.Testing;
using DataExchange.Transparency;
using DataExchange.Transparency.Notes;
using Google.Protobuf;
using Grpc.Core;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>The audit log as those see it who do not trust the hub: receipts, proofs, files and the stand-alone verifier.</summary>
[TestFixture]
internal sealed class AuditLogTests
{
    [Test]
    public async Task Receipt_OfAnAnswer_IsProvenByTheLogAndFoundByTheVerifier()
    {
        await using var exchange = await TestExchange.StartAsync();
        await exchange.PublishAsync(Ask.Body(1), "kept", "lane");
        var lookups = exchange.Lookups();
        var receipts = new List<Wire.Receipt>();
        for (var at = 0; at < 20; at++)
            receipts.Add((await lookups.LookupAsync(Ask.About(Ask.Body(1), Ask.Held))).Receipt);
        var proofs = new Wire.AuditService.AuditServiceClient(exchange.Connect(TestCatalogue.Welfare));

        var first = Read(await proofs.GetCheckpointAsync(new()));
        foreach (var receipt in receipts)
        {
            var proof = await Eventually.Async("a proof", async () => await proofs.GetInclusionProofAsync(new() { EntryIndex = receipt.EntryIndex }), _ => true);
            var checkpoint = Read(proof.Checkpoint);
            Assert.That(checkpoint.Origin, Does.EndWith(receipt.LogId));
            Assert.That(
                MerkleProof.VerifyInclusion(receipt.EntryIndex, checkpoint.Size, new MerkleHash(receipt.EntryHash.Span), checkpoint.Root, Hashes(proof.Hashes)), Is.True);
        }

        var consistency = await proofs.GetConsistencyProofAsync(new() { OldSize = first.Size });
        var newest = Read(consistency.Checkpoint);
        Assert.That(MerkleProof.VerifyConsistency(first.Size, newest.Size, first.Root, newest.Root, Hashes(consistency.Hashes)), Is.True);
        var report = await VerifyAsync(exchange, (await proofs.GetCheckpointAsync(new())).VerifierKey);
        Assert.That(report.GetProperty("whole").GetBoolean(), Is.True);
        Assert.That(report.GetProperty("entries").GetUInt64(), Is.GreaterThanOrEqualTo(20UL));
    }

    [Test]
    public async Task Proof_BeyondTheLog_IsOutOfRange()
    {
        await using var exchange = await TestExchange.StartAsync();
        var proofs = new Wire.AuditService.AuditServiceClient(exchange.Connect(TestCatalogue.Welfare));
        await Eventually.Async("a checkpoint", async () => (await proofs.GetCheckpointAsync(new())).Checkpoint.Length > 0);

        Assert.That(await StatusOfAsync(async () => await proofs.GetInclusionProofAsync(new() { EntryIndex = ulong.MaxValue })), Is.EqualTo(StatusCode.OutOfRange));
        Assert.That(await StatusOfAsync(async () => await proofs.GetConsistencyProofAsync(new() { OldSize = 1_000 })), Is.EqualTo(StatusCode.OutOfRange));
    }

    [Test]
    public async Task Files_OverHttps_HashesForAllEntriesForAuditorsOnly()
    {
        await using var exchange = await TestExchange.StartAsync(new() { ["Publication:EntryReaders:0"] = TestCatalogue.Foreign });
        await exchange.PublishAsync(Ask.Body(1), "kept", "lane");
        var receipt = (await exchange.Lookups().LookupAsync(Ask.About(Ask.Body(1), Ask.Held))).Receipt;
        using var welfare = Client(exchange, TestCatalogue.Welfare);
        using var auditor = Client(exchange, TestCatalogue.Foreign);
        await Eventually.Async("the entry's file", async () => await StatusAsync(auditor, $"{receipt.LogId}/tile/entries/000.p/1") == HttpStatusCode.OK);

        Assert.That(await StatusAsync(welfare, $"{receipt.LogId}/checkpoint"), Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await StatusAsync(welfare, $"{receipt.LogId}/tile/0/000.p/1"), Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await StatusAsync(welfare, $"{receipt.LogId}/tile/entries/000.p/1"), Is.EqualTo(HttpStatusCode.Forbidden));
        var hash = await auditor.GetByteArrayAsync(new Uri($"{receipt.LogId}/tile/0/000.p/1", UriKind.Relative));
        Assert.That(hash, Is.EqualTo(receipt.EntryHash.ToByteArray()));
    }

    // A23: a path is read as numbers, or it is none.
    [TestCase("synced")]
    [TestCase("../../hub.key")]
    [TestCase("%2e%2e/%2e%2e/hub.key")]
    [TestCase("..%2f..%2fhub.key")]
    [TestCase("tile/0/000.p/0")]
    [TestCase("tile/0/000.p/256")]
    [TestCase("tile/64/000")]
    [TestCase("tile//000")]
    [TestCase("checkpoint/")]
    [TestCase("checkpoint.new")]
    public async Task Files_AnyOtherPath_IsNotFound(string path)
    {
        await using var exchange = await TestExchange.StartAsync();
        var receipt = (await exchange.Lookups().LookupAsync(Ask.About(Ask.Body(1), Ask.Held))).Receipt;
        using var client = Client(exchange, TestCatalogue.Welfare);
        await Eventually.Async("the log", async () => await StatusAsync(client, $"{receipt.LogId}/checkpoint") == HttpStatusCode.OK);

        Assert.That(await StatusAsync(client, $"{receipt.LogId}/{path}"), Is.EqualTo(HttpStatusCode.NotFound).Or.EqualTo(HttpStatusCode.BadRequest));
    }

    private static Checkpoint Read(Wire.GetCheckpointResponse response) => Read(response.Checkpoint);

    private static Checkpoint Read(ByteString note) => Checkpoint.Parse(SignedNote.Parse(note.Span)!.Text)!;

    private static MerkleHash[] Hashes(IEnumerable<ByteString> hashes) => [.. hashes.Select(hash => new MerkleHash(hash.Span))];

    /// <summary>As somebody runs it who has nothing but the files.</summary>
    private static async Task<JsonElement> VerifyAsync(TestExchange exchange, string key)
    {
        var folder = Directory.GetDirectories(Path.Combine(exchange.DataFolder, "audit-public")).Single();
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        foreach (var argument in new[] { typeof(DataExchange.Cli.ExitCode).Assembly.Location, "audit", "verify", folder, "--key", key, "--json" })
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.That(process.ExitCode, Is.Zero, output);
        return JsonDocument.Parse(output).RootElement;
    }

    private static async Task<StatusCode> StatusOfAsync(Func<Task> call)
    {
        try
        {
            await call();
            return StatusCode.OK;
        }
        catch (RpcException refused)
        {
            return refused.StatusCode;
        }
    }

    private static HttpClient Client(TestExchange exchange, string department)
    {
        var credentials = TlsCredentials.Load(exchange.Certificates.Department(department));
        return new HttpClient(MutualTlsClient.Handler(credentials, new ExpectedPeer(PeerRole.Hub, TestCertificates.BrokerId)))
        {
            BaseAddress = new Uri(exchange.Address, "audit/"),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative));
        return response.StatusCode;
    }
}

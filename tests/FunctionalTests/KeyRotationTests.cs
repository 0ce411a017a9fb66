using System.Text.Json;
using DataExchange.Broker.Index;
using DataExchange.Broker.Index.Sealing;
using DataExchange.Cli;
using DataExchange.Contracts;
using DataExchange.FunctionalTests.Hub;
using DataExchange.Hosting;
using DataExchange.Testing;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>Every kind of key changed under a hub that serves: no lookup fails, none misses anybody.</summary>
[TestFixture]
internal sealed class KeyRotationTests
{
    private const int Subjects = 40;

    [Test]
    public async Task Hub_NewWrappingAndIdentifierKey_ServesOnAndTakesThemUp()
    {
        await using var exchange = await TestExchange.StartAsync(new() { ["Index:KeyCheckInterval"] = "00:00:00.100" });
        for (ulong i = 0; i < Subjects; i++)
            await exchange.PublishAsync(Ask.Body(i), $"held-{i}", $"live-{i}");
        var index = exchange.Hub.Services.GetRequiredService<SubjectIndex>();
        var pseudonyms = Pseudonyms();
        var keys = Path.Combine(exchange.DataFolder, "keys");
        using var folder = new TempFolder();
        var config = folder["hub.json"];
        await File.WriteAllTextAsync(config, JsonSerializer.Serialize(new { Hub = new { DataDirectory = exchange.DataFolder } }));

        var missed = new List<string>();
        for (uint generation = 2; generation <= 4; generation++)
        {
            foreach (var kind in NextKey.Kinds)
            {
                Assert.That(await CommandLine.RunAsync(["hub", "new-key", kind, "--config", config]), Is.EqualTo(ExitCode.Ok));
                Assert.That(File.Exists(Path.Combine(keys, $"{kind}-{generation}.key")), $"{kind} {generation}");
            }

            var asked = 0ul;
            await Eventually.Async("both keys in use", AskNextAsync, done => done);

            async Task<bool> AskNextAsync()
            {
                var done = index.Rows.Current == generation && index.Renewal.IsDone;
                var number = asked++ % Subjects;
                var answer = await exchange.Lookups().LookupAsync(Ask.About(Ask.Body(number), Ask.Held, Ask.Located));
                var values = answer.Answers.SelectMany(a => a.Evidence).Select(evidence => evidence.Value.Text);
                if (!values.SequenceEqual([$"held-{number}", $"live-{number}"]))
                    missed.Add($"subject {number}, keys {generation}: {answer.Answers}");
                return done && asked >= Subjects;
            }
        }

        Assert.That(missed, Is.Empty);
        Assert.That(Pseudonyms(), Is.EqualTo(pseudonyms), "the audit log speaks of the same subjects");
        Assert.That(exchange.Logs.All.Count(log => log.EventId.Name == "IndexRenewalDone"), Is.GreaterThanOrEqualTo(4), "the first start and three rotations");

        Pseudonym[] Pseudonyms() => [.. Enumerable.Range(0, Subjects).Select(i => index.PseudonymsOf(index.Keys.Of(Ask.Body((ulong)i)))!.Single())];
    }

    [Test]
    public async Task Department_NewTlsKey_IsGoodBesideTheOldOneAndAloneAfterwards()
    {
        await using var exchange = await TestExchange.StartAsync();
        await exchange.PublishAsync(Ask.Body(1), "held", "live");
        using var folder = new TempFolder();
        foreach (var file in new[] { "root.pem", "root.key" })
            File.Copy(Path.Combine(exchange.Certificates.Folder, file), folder[file]);
        var welfare = DepartmentId.Parse(TestCatalogue.Welfare);
        var (old, next) = (
            exchange.Certificates.Department(TestCatalogue.Welfare),
            DevelopmentCertificates.Create(folder.Path, TestCertificates.TrustDomain, TestCertificates.BrokerId, [welfare]).Department(welfare));
        var (withOld, withNext) = (new Wire.LookupService.LookupServiceClient(exchange.Connect(old)), new Wire.LookupService.LookupServiceClient(exchange.Connect(next)));
        Assert.That((await AskAsync(withOld), await AskAsync(withNext)), Is.EqualTo(("held", "KEY_NOT_REGISTERED")));

        await exchange.ApplyAsync(exchange.Catalogue with { WelfareNextKey = next });
        await Eventually.Async("the new key beside the old one", () => AskAsync(withNext), answer => answer == "held");
        Assert.That(await AskAsync(withOld), Is.EqualTo("held"));

        await exchange.ApplyAsync(exchange.Catalogue with { WelfareKey = next });
        await Eventually.Async("the end of the old key", () => AskAsync(withOld), answer => answer == "KEY_NOT_REGISTERED");
        Assert.That(await AskAsync(withNext), Is.EqualTo("held"));

        static async Task<string> AskAsync(Wire.LookupService.LookupServiceClient client)
        {
            try
            {
                return (await client.LookupAsync(Ask.About(Ask.Body(1), Ask.Held))).Answers.Single().Evidence.Single().Value.Text;
            }
            catch (RpcException refused)
            {
                return refused.GetRpcStatus()?.GetDetail<Google.Rpc.ErrorInfo>()?.Reason ?? refused.StatusCode.ToString();
            }
        }
    }
}

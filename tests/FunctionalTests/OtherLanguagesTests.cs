using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DataExchange.Contracts;
using DataExchange.FunctionalTests.Exchange;
using DataExchange.Hosting;
using DataExchange.Testing;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>
/// <c>samples/07-node</c> and <c>samples/08-python</c>: their READMEs' commands one after the other, and the department and the consumer that they
/// leave running, against the hub that they start.
/// </summary>
[TestFixture("07-node", "parking", 7470, "permits.csv", "FG34HJK", "{0},2026-06-15,trade,2026-12-14,{1}", "AB12CDE")]
[TestFixture("08-python", "library", 7490, "cards.csv", "30052290", "{0},2025-11-03,harbour,{1}", "30041178")]
internal sealed partial class OtherLanguagesTests(string sample, string department, int port, string data, string other, string row, string asked)
{
    private const string Dx = "dotnet run --project src/DataExchange.Cli -c Release -- ";

    // As of kill(2).
    private const int Freeze = 19;
    private const int GoOn = 18;

    private static readonly TimeSpan CommandTimeout = TimeSpan.FromMinutes(3);

    // The machine that runs this may be slow; that an answer comes in time is tested elsewhere.
    private static readonly Dictionary<string, string> Patient = new() { ["DX_Lookup__AttemptTimeout"] = "00:00:30", ["DX_Lookup__CircuitAttemptsMin"] = "10000" };

    private readonly List<ServerProcess> _started = [];
    private readonly List<IDisposable> _owned = [];

    // Of the hub, its management and the adapter, in the order of the sample's own.
    private readonly int[] _ports = [FreePort.Next(), FreePort.Next(), FreePort.Next()];
    private TempFolder _folder = null!;
    private string _lookup = "";
    private JsonElement _answer;

    private string Sample => $"samples/{sample}";

    private string DataFile => _folder[$"{Sample}/{data}"];

    [OneTimeSetUp]
    public async Task RunTheReadmeAsync()
    {
        _folder = new TempFolder();
        foreach (var folder in new[] { "protos", "samples/07-node", "samples/08-python" })
            Copy(Path.Combine(Repository.Root, folder), _folder[folder]);
        await TakeFreePortsAsync();
        foreach (var command in Commands())
        {
            if (command.EndsWith(" &", StringComparison.Ordinal))
            {
                _started.Add(Start(command[..^2]));
                await _started[^1].WaitForLineAsync(_started.Count == 1 ? "Application started" : "the hub has applied 9 changes of 9", CommandTimeout);
                continue;
            }

            await RunAsync(command);
            if (!command.Contains("consumer.json", StringComparison.Ordinal))
                continue;
            _lookup = command;
            // A provider that was too slow for once, on a machine with more to do, is asked again.
            var output = await Eventually.Async("an answer", () => RunAsync(command), given => !given.Contains("OUTCOME_UNAVAILABLE", StringComparison.Ordinal), CommandTimeout);
            _answer = Printed(output);
        }
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _owned.ForEach(owned => owned.Dispose());
        foreach (var process in _started)
            await process.DisposeAsync();
        _folder.Dispose();
        // What was asked for is what the data says, and neither a log nor an error text may say it again.
        foreach (var output in _started.Select(process => process.Output))
            Assert.That(output, Does.Not.Contain(asked).And.Not.Contain(other));
        Assert.That(ProcessLog.Errors(_started[0].Output), Is.Empty);
    }

    [Test]
    public void Readme_ItsLookup_IsAnsweredHeldAndLive()
    {
        var answers = _answer.GetProperty("answer").GetProperty("answers").EnumerateArray().ToList();

        Assert.That(answers.Select(answer => answer.GetProperty("outcome").GetString()), Is.All.EqualTo("OUTCOME_PROVIDED"), _answer.ToString());
        Assert.That(answers.Select(Origin), Is.EqualTo(["ORIGIN_HELD", "ORIGIN_HELD", "ORIGIN_FETCHED_LIVE"]));
        Assert.That(_answer.GetProperty("answer").GetProperty("receipt").GetProperty("log_id").GetString(), Has.Length.EqualTo(32));
    }

    [Test]
    public async Task Lookup_NotGranted_ShowsReasonAdviceAndField()
    {
        var refusal = (await AskAsync(request => request["purpose"] = "curiosity")).GetProperty("refusal");

        Assert.That(refusal.GetProperty("code").GetInt32(), Is.EqualTo(7));
        Assert.That(refusal.GetProperty("reason").GetString(), Is.EqualTo("NOT_GRANTED"));
        Assert.That(refusal.GetProperty("domain").GetString(), Is.EqualTo("dataexchange"));
        Assert.That(refusal.GetProperty("advice").GetString(), Does.Contain("ListMyGrants"));
        Assert.That(refusal.GetProperty("fields")[0].GetString(), Is.EqualTo("attributes[0]"));
    }

    [Test]
    public async Task Lookup_Invalid_NamesTheFields()
    {
        var refusal = (await AskAsync(request => (request["purpose"], request["case_id"]) = ("", ""))).GetProperty("refusal");

        Assert.That(refusal.GetProperty("reason").GetString(), Is.EqualTo("REQUEST_INVALID"));
        Assert.That(refusal.GetProperty("fields").EnumerateArray().Select(f => f.GetString()), Is.EqualTo(["purpose", "case_id"]));
    }

    [Test]
    public async Task Adapter_RowGoneWhileItWasKilled_IsWithdrawnAndComesBack()
    {
        await UntilAsync(other, "PROVIDED PROVIDED PROVIDED");

        await _started[^1].KillAsync();
        var lines = await File.ReadAllLinesAsync(DataFile);
        Write(lines.Where(line => !line.StartsWith(other, StringComparison.Ordinal)));
        _started.Add(Start(Commands().Last(command => command.EndsWith(" &", StringComparison.Ordinal))[..^2]));
        await UntilAsync(other, "ABSENT ABSENT ABSENT");

        Write([.. lines.Where(line => !line.StartsWith(other, StringComparison.Ordinal)), string.Format(null, row, other, "77")]);
        await UntilAsync(other, "PROVIDED PROVIDED PROVIDED");
        Assert.That((await AskAsync(request => request["identifier"]!["value"] = other)).ToString(), Does.Contain("77"));

        // Nothing was said twice: the three facts of one row went and came.
        var batches = await ReadAsync(AsHub());
        var changes = batches.SelectMany(batch => batch.Changes).Skip(9).Select(change => change.KindCase).ToList();
        Assert.That(changes, Is.EqualTo(Enumerable.Repeat(Wire.Change.KindOneofCase.Withdraw, 3).Concat(Enumerable.Repeat(Wire.Change.KindOneofCase.Set, 3))));
    }

    [Test]
    public async Task ReadChanges_ByTheHub_GivesTheSignedStreamWithoutAGap()
    {
        var adapter = AsHub();
        var description = await adapter.DescribeAsync(new Wire.DescribeRequest());
        var batches = await ReadAsync(adapter);

        Assert.That(description.Department, Is.EqualTo(department));
        Assert.That(description.Attributes.Select(attribute => attribute.Located), Is.EqualTo([false, false, true]));
        Assert.That(batches.Select(batch => batch.FirstSequence), Is.EqualTo(batches.Select((_, i) => 1 + (ulong)batches.Take(i).Sum(batch => batch.Changes.Count))));
        Assert.That(batches[^1].FirstSequence + (ulong)batches[^1].Changes.Count - 1, Is.EqualTo(description.LastSequence));
        Assert.That(batches.Select(batch => batch.Loading), Is.All.False, "the first reading fits one batch");
    }

    [Test]
    public async Task ReadChanges_OfAnotherEpochOrFromNothing_IsRefusedWithItsReason()
    {
        var adapter = AsHub();
        var epoch = (await adapter.DescribeAsync(new Wire.DescribeRequest())).StreamEpoch;

        Assert.That(await RefusalAsync(adapter, ByteString.CopyFrom(new byte[16]), 1), Is.EqualTo((StatusCode.FailedPrecondition, "EPOCH_UNKNOWN")));
        Assert.That(await RefusalAsync(adapter, epoch, 0), Is.EqualTo((StatusCode.InvalidArgument, "REQUEST_INVALID")));
        Assert.That(await RefusalAsync(adapter, epoch, ulong.MaxValue), Is.EqualTo((StatusCode.OK, "")), "none is there, which is no fault");
    }

    [Test]
    public async Task Publish_WhatTheHubHas_IsADuplicateWithItsSignature()
    {
        var adapter = AsHub();
        var epoch = (await adapter.DescribeAsync(new Wire.DescribeRequest())).StreamEpoch;
        using var read = adapter.ReadChanges(new Wire.ReadChangesRequest { StreamEpoch = epoch, FromSequence = 5, ToSequence = 5 });
        Assert.That(await read.ResponseStream.MoveNext(default), Is.True);
        var batch = read.ResponseStream.Current.Batch;
        Assert.That(await read.ResponseStream.MoveNext(default), Is.False, "one batch holds it");

        using var publish = new Wire.ChangeIngressService.ChangeIngressServiceClient(Connect(Certificates().Department(DepartmentId.Parse(department)), _ports[0], PeerRole.Hub, "hub-1")).Publish();
        await publish.RequestStream.WriteAsync(new Wire.PublishRequest { Batch = batch });
        Assert.That(await publish.ResponseStream.MoveNext(default), Is.True);

        Assert.That(publish.ResponseStream.Current.Result, Is.EqualTo(Wire.BatchResult.Duplicate), publish.ResponseStream.Current.ToString());
    }

    [Test]
    public async Task Fetch_LocatorOfAnother_FailsAlone()
    {
        var adapter = AsHub();
        var description = await adapter.DescribeAsync(new Wire.DescribeRequest());
        var located = description.Attributes.Single(attribute => attribute.Located).Name;
        var batches = await ReadAsync(adapter);
        var stated = batches[0].Changes.First(change => change.Set.Attribute == located).Set;

        var answer = await adapter.FetchAsync(new Wire.FetchRequest
        {
            Items =
            {
                Item(ByteString.CopyFrom(new byte[48]), located), Item(ByteString.Empty, located), Item(stated.Locator, "no-such"), Item(stated.Locator, located),
            },
        });

        Assert.That(answer.Results.Select(result => result.ResultCase), Is.EqualTo([
            Wire.FetchResult.ResultOneofCase.Unavailable, Wire.FetchResult.ResultOneofCase.Unavailable, Wire.FetchResult.ResultOneofCase.Unavailable, Wire.FetchResult.ResultOneofCase.Found]));
        Assert.That(stated.Locator.ToStringUtf8(), Does.Not.Contain(stated.Subject.Value));
    }

    [Test]
    public async Task Fetch_CellThatIsNoDay_FailsAlone()
    {
        var adapter = AsHub();
        var stated = (await ReadAsync(adapter))[0].Changes.Where(change => change.Set.Locator.Length > 0).ToDictionary(change => change.Set.Subject.Value, change => change.Set);
        var lines = await File.ReadAllLinesAsync(DataFile);
        Write(lines.Select(line => line.StartsWith(other, StringComparison.Ordinal) ? string.Format(null, row, other, "77").Replace(",20", ",the 20th of ", StringComparison.Ordinal) : line));

        var answer = await adapter.FetchAsync(new Wire.FetchRequest { Items = { Item(stated[other].Locator, stated[other].Attribute), Item(stated[asked].Locator, stated[asked].Attribute) } });
        Write(lines);

        Assert.That(answer.Results.Select(result => result.ResultCase), Is.EqualTo([Wire.FetchResult.ResultOneofCase.Unavailable, Wire.FetchResult.ResultOneofCase.Found]));
        Assert.That(_started[^1].Output, Does.Not.Contain("the 20th of"));
    }

    [Test]
    public async Task Lookup_WhileTheDataCannotBeRead_SaysSinceWhen()
    {
        var lines = await File.ReadAllLinesAsync(DataFile);
        File.Delete(DataFile);
        // What was read before is under way for one heartbeat more, of two seconds; a reading is tried each second.
        await SaidAsync(_started[^1], "the data cannot be read: ", 4);

        var observed = await ObservedAsync("UNAVAILABLE");
        await SaidAsync(_started[^1], "the data cannot be read: ", 5);
        Assert.That(await ObservedAsync("UNAVAILABLE"), Is.EqualTo(observed));

        // A library's own exceptions are no reason to give up either: a cell may be as long as it likes.
        Write([.. lines, new string('x', 200_000)]);
        await SaidAsync(_started[^1], "the data cannot be read: ", 2);
        Write(lines);
        await Eventually.Async("a newer moment", () => ObservedAsync("PROVIDED"), given => given != observed, CommandTimeout);
    }

    [Test]
    public async Task Adapter_StartedTwice_TheSecondWritesNothing()
    {
        var lines = await File.ReadAllLinesAsync(DataFile);
        _started[^1].Signal(Freeze);
        try
        {
            var before = Stream();
            Write(lines.Where(line => !line.StartsWith(other, StringComparison.Ordinal)));
            await using var second = Start(Commands().Last(command => command.EndsWith(" &", StringComparison.Ordinal))[..^2]);

            Assert.That(await second.WaitForExitAsync(CommandTimeout), Is.Not.Zero, second.Output);
            Assert.That(Stream(), Is.EqualTo(before));
        }
        finally
        {
            Write(lines);
            _started[^1].Signal(GoOn);
        }
    }

    [Test]
    public async Task Adapter_OlderTls_IsRefused([Values(SslProtocols.Tls12, SslProtocols.Tls13)] SslProtocols version)
    {
        using var certificate = X509Certificate2.CreateFromPemFile(Certificates().Hub.CertificatePath, Certificates().Hub.KeyPath);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync("127.0.0.1", _ports[2]);
        await using var tls = new SslStream(tcp.GetStream());
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = version,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            ClientCertificates = [certificate],
            CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck },
        };
        using var root = X509CertificateLoader.LoadCertificateFromFile(Certificates().Hub.RootPath);
        options.CertificateChainPolicy.CustomTrustStore.Add(root);

        if (version == SslProtocols.Tls13)
            await tls.AuthenticateAsClientAsync(options);
        else
            Assert.That(async () => await tls.AuthenticateAsClientAsync(options), Throws.InstanceOf<AuthenticationException>().Or.InstanceOf<IOException>());
    }

    [Test]
    public async Task Publish_AnsweredQuarantined_StopsAndSaysWhy()
    {
        int[] ports = [FreePort.Next(), FreePort.Next(), FreePort.Next()];
        foreach (var (from, to) in new[] { ("hub.json", "hub-2.json"), ("adapter.json", "adapter-2.json") })
        {
            var text = await File.ReadAllTextAsync(_folder[$"{Sample}/{from}"]);
            for (var i = 0; i < ports.Length; i++)
                text = text.Replace($"{_ports[i]}", $"{ports[i]}", StringComparison.Ordinal);
            await File.WriteAllTextAsync(_folder[$"{Sample}/{to}"], text
                .Replace(".dx/hub\"", ".dx/hub-2\"", StringComparison.Ordinal).Replace($".dx/{department}\"", $".dx/{department}-2\"", StringComparison.Ordinal));
        }

        Directory.CreateDirectory(_folder[$"{Sample}/.dx/hub-2"]);
        await RunAsync(Commands().Single(command => command.Contains("catalogue apply", StringComparison.Ordinal)).Replace(".dx/hub/", ".dx/hub-2/", StringComparison.Ordinal));
        await using var hub = Start(Commands().Single(command => command.Contains("hub.json", StringComparison.Ordinal))[..^2].Replace("hub.json", "hub-2.json", StringComparison.Ordinal));
        await hub.WaitForLineAsync("Application started", CommandTimeout);
        await using var adapter = Start(Commands().Last(command => command.EndsWith(" &", StringComparison.Ordinal))[..^2].Replace("adapter.json", "adapter-2.json", StringComparison.Ordinal));
        await adapter.WaitForLineAsync("the hub has applied 9 changes of 9", CommandTimeout);

        // Another content under a number that was used.
        var identity = Certificates().Department(DepartmentId.Parse(department));
        var batch = (await ReadAsync(new Wire.AdapterService.AdapterServiceClient(Connect(Certificates().Hub, ports[2], PeerRole.Department, department))))[0];
        batch.Changes[0].AsOf.Seconds--;
        using var certificate = X509Certificate2.CreateFromPemFile(identity.CertificatePath, identity.KeyPath);
        using var key = certificate.GetECDsaPrivateKey()!;
        using var publish = new Wire.ChangeIngressService.ChangeIngressServiceClient(Connect(identity, ports[0], PeerRole.Hub, "hub-1")).Publish();
        var payload = batch.ToByteString();
        await publish.RequestStream.WriteAsync(new Wire.PublishRequest
        {
            Batch = new Wire.SignedChangeBatch { Payload = payload, KeyId = KeyId.Of(certificate), Signature = ByteString.CopyFrom(BatchSignature.Sign(key, payload.Span)) },
        });
        await adapter.WaitForLineAsync("put the stream in quarantine: ", CommandTimeout);
        await SaidAsync(adapter, "operator has to look", 3);
        Assert.That(Said(adapter, "put the stream in quarantine: "), Is.EqualTo(1), adapter.Output);
    }

    [Test]
    public async Task Adapter_CallerThatIsNotTheHub_IsRefused()
    {
        var adapter = new Wire.AdapterService.AdapterServiceClient(
            Connect(Certificates().Department(DepartmentId.Parse("service-desk")), _ports[2], PeerRole.Department, department));

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await adapter.DescribeAsync(new Wire.DescribeRequest()));

        Assert.That(refused!.StatusCode, Is.EqualTo(StatusCode.PermissionDenied));
        Assert.That(refused.GetRpcStatus()!.GetDetail<Google.Rpc.ErrorInfo>()!.Reason, Is.EqualTo("HUB_ONLY"));
    }

    [Test]
    public async Task Consumer_ServerThatIsNotTheHub_IsNotAsked()
    {
        // The department's own adapter shows a good certificate of the same root for the same host, and is not the hub.
        var settings = JsonNode.Parse(await File.ReadAllTextAsync(_folder[$"{Sample}/consumer.json"]))!;
        settings["hub"] = $"localhost:{_ports[2]}";
        await File.WriteAllTextAsync(_folder["elsewhere.json"], settings.ToString());

        await using var ask = Start(_lookup.Replace($"{Sample}/consumer.json", "elsewhere.json", StringComparison.Ordinal));
        await ask.WaitForExitAsync(CommandTimeout);

        // UNIMPLEMENTED would say that the question was sent.
        Assert.That(Printed(ask.Output).GetProperty("refusal").GetProperty("code").GetInt32(), Is.EqualTo((int)StatusCode.Unavailable), ask.Output);
    }

    private static string? Origin(JsonElement answer) => answer.GetProperty("evidence")[0].GetProperty("origin").GetString();

    /// <summary>The answer, among what libraries write beside it.</summary>
    private static JsonElement Printed(string output) =>
        JsonDocument.Parse(output.Split('\n').Single(line => line.StartsWith('{'))).RootElement;

    private static Wire.FetchItem Item(ByteString locator, string attribute) => new() { Subject = new Wire.SubjectRef { Locator = locator }, Attribute = attribute };

    /// <summary>Without what installing and running leave behind.</summary>
    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (var folder in Directory.EnumerateDirectories(from).Where(folder => Path.GetFileName(folder) is not ("node_modules" or ".dx" or "__pycache__")))
            Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
    }

    /// <summary>Others on this machine may try the samples too. No command holds a port.</summary>
    private async Task TakeFreePortsAsync()
    {
        foreach (var file in Directory.EnumerateFiles(_folder[Sample]).Where(file => Path.GetExtension(file) is ".json" or ".yaml"))
        {
            var text = await File.ReadAllTextAsync(file);
            await File.WriteAllTextAsync(file, Regex.Replace(text, @"\b\d{4}\b", number =>
                int.Parse(number.Value, CultureInfo.InvariantCulture) - port is >= 0 and < 3 and var place ? $"{_ports[place]}" : number.Value));
        }
    }

    private List<string> Commands() => [.. Repository.Commands(Path.Combine(Repository.Root, Sample, "README.md"))];

    /// <summary>As a shell would; what was built beside the tests is not built again.</summary>
    private ServerProcess Start(string command)
    {
        var built = command.Replace(Dx, $"dotnet {Path.Combine(AppContext.BaseDirectory, "dx.dll")} ", StringComparison.Ordinal);
        return ServerProcess.Start("bash", ["-c", $"exec {built}"], Patient, _folder.Path);
    }

    private async Task<string> RunAsync(string command)
    {
        await using var run = Start(command);
        Assert.That(await run.WaitForExitAsync(CommandTimeout), Is.Zero, $"{command}\n{run.Output}");
        return run.Output;
    }

    /// <summary>Every file of the adapter's stream.</summary>
    private List<string> Stream() => [.. Directory.EnumerateFiles(_folder[$"{Sample}/.dx/{department}"]).Order()
        .Select(file => $"{Path.GetFileName(file)} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))}")];

    /// <summary>As of when the hub knows what it holds, while the value that stays with the department is <paramref name="live"/>.</summary>
    private async Task<string> ObservedAsync(string live)
    {
        var answers = (await AskAsync(_ => { })).GetProperty("answer").GetProperty("answers").EnumerateArray().ToList();
        Assert.That(answers[2].GetProperty("outcome").GetString(), Is.EqualTo($"OUTCOME_{live}"));
        return answers[0].GetProperty("evidence")[0].GetProperty("observed_at").ToString();
    }

    private static int Said(ServerProcess process, string text) => process.Output.Split('\n').Count(line => line.Contains(text, StringComparison.Ordinal));

    /// <summary>Waits until it has said something so many times more.</summary>
    private static async Task SaidAsync(ServerProcess process, string text, int more)
    {
        var before = Said(process, text);
        await Eventually.Async(text, () => Task.FromResult(Said(process, text)), times => times >= before + more, CommandTimeout);
    }

    private void Write(IEnumerable<string> lines)
    {
        File.WriteAllLines(DataFile + ".part", lines);
        File.Move(DataFile + ".part", DataFile, overwrite: true);
    }

    private async Task<JsonElement> AskAsync(Action<JsonNode> change)
    {
        var request = JsonNode.Parse(await File.ReadAllTextAsync(_folder[$"{Sample}/request.json"]))!;
        change(request);
        await File.WriteAllTextAsync(_folder["request.json"], request.ToString());
        await using var ask = Start(_lookup.Replace($"{Sample}/request.json", "request.json", StringComparison.Ordinal));
        await ask.WaitForExitAsync(CommandTimeout);
        return Printed(ask.Output);
    }

    private async Task UntilAsync(string subject, string outcomes) => await Eventually.Async(
        $"{outcomes}\n{_started[^1].Output}",
        async () => (await AskAsync(request => request["identifier"]!["value"] = subject)).GetProperty("answer").GetProperty("answers").EnumerateArray()
            .Select(answer => answer.GetProperty("outcome").GetString()!["OUTCOME_".Length..]),
        given => string.Join(' ', given) == outcomes,
        CommandTimeout);

    private DevelopmentCertificates Certificates() => DevelopmentCertificates.Open(_folder[$"{Sample}/.dx/certificates"], "sample.dataexchange.example", "hub-1");

    private Wire.AdapterService.AdapterServiceClient AsHub() => new(Connect(Certificates().Hub, _ports[2], PeerRole.Department, department));

    private GrpcChannel Connect(TlsOptions identity, int to, PeerRole role, string name)
    {
        var credentials = TlsCredentials.Load(identity);
        var channel = MutualTlsClient.Connect(new Uri($"https://127.0.0.1:{to}"), credentials, new ExpectedPeer(role, name));
        _owned.AddRange([channel, credentials]);
        return channel;
    }

    private async Task<List<Wire.ChangeBatch>> ReadAsync(Wire.AdapterService.AdapterServiceClient adapter)
    {
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(Certificates().Department(DepartmentId.Parse(department)).CertificatePath);
        using var key = certificate.GetECDsaPublicKey()!;
        var epoch = (await adapter.DescribeAsync(new Wire.DescribeRequest())).StreamEpoch;
        using var call = adapter.ReadChanges(new Wire.ReadChangesRequest { StreamEpoch = epoch, FromSequence = 1 });
        var batches = new List<Wire.ChangeBatch>();
        await foreach (var response in call.ResponseStream.ReadAllAsync())
        {
            Assert.That(BatchSignature.Verify(key, response.Batch.Payload.Span, response.Batch.Signature.Span), Is.True);
            Assert.That(response.Batch.KeyId, Is.EqualTo(KeyId.Of(certificate)));
            batches.Add(Wire.ChangeBatch.Parser.ParseFrom(response.Batch.Payload));
        }

        return batches;
    }

    private static async Task<(StatusCode Code, string? Reason)> RefusalAsync(Wire.AdapterService.AdapterServiceClient adapter, ByteString epoch, ulong from)
    {
        using var call = adapter.ReadChanges(new Wire.ReadChangesRequest { StreamEpoch = epoch, FromSequence = from });
        try
        {
            return await call.ResponseStream.MoveNext(default) ? (StatusCode.OK, null) : (StatusCode.OK, "");
        }
        catch (RpcException refused)
        {
            return (refused.StatusCode, refused.GetRpcStatus()?.GetDetail<Google.Rpc.ErrorInfo>()?.Reason);
        }
    }
}

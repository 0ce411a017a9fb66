using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DataExchange.Broker.Audit;
using DataExchange.Contracts;
using DataExchange.FunctionalTests.Hub;
using DataExchange.Hosting;
using DataExchange.Testing;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using NUnit.Framework;
using OpenTelemetry.Trace;

namespace DataExchange.FunctionalTests;

/// <summary>Marked identifiers and values go through both flows, well and badly, with everything logged and traced that can be.</summary>
[TestFixture]
internal sealed class CanaryTests
{
    private const string HeldValue = "CANARY-HELD-5b1e90c2";
    private const string LiveValue = "CANARY-LIVE-77ad31f0";
    private const string WrongPlace = "CANARY-WRONG-PLACE-c4";

    // Nobody's: the birth date lies in 1849.
    private static readonly string Resident = "11010518491231002" + CnResidentScheme.CheckCharacterOf("11010518491231002");
    private static readonly Identifier Person = new(CnResidentScheme.SchemeName, Resident);
    private static readonly Identifier Body = new(TestCatalogue.Scheme, "CNRY7402938475610293");
    private static readonly string[] All = [Resident, Body.Value, HeldValue, LiveValue, WrongPlace];

    private static readonly Dictionary<string, string?> Everything = new()
    {
        ["Telemetry:Traces"] = "true",
        ["Logging:LogLevel:Default"] = "Trace",
        ["Logging:LogLevel:Microsoft"] = "Trace",
        ["Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics"] = "Trace",
        ["Logging:LogLevel:Microsoft.Extensions.Diagnostics.HealthChecks"] = "Trace",
        ["Logging:LogLevel:Grpc"] = "Trace",
        ["Logging:LogLevel:MassTransit"] = "Trace",
    };

    private readonly List<Activity> _spans = [];
    private readonly StringBuilder _failures = new();
    private TestExchange _exchange = null!;
    private string _management = "";

    [OneTimeSetUp]
    public async Task FeedAsync()
    {
        _exchange = await TestExchange.StartAsync(
            Everything, hub => hub.Services.ConfigureOpenTelemetryTracerProvider(traces => traces.AddInMemoryExporter(_spans)));
        _exchange.Logs.Expect("LiveSourceFailed");
        foreach (var subject in new[] { Person, Body })
        {
            await _exchange.PublishAsync(subject, HeldValue, LiveValue);
            await LookUpWellAsync(subject);
            await LookUpBadlyAsync(subject);
        }

        await PublishBadlyAsync();
        _management = await _exchange.ReadManagementAsync(ManagementPort.MetricsPath) + await _exchange.ReadManagementAsync(ManagementPort.ReadyPath);
        // Ends the exporter too: nobody adds to the spans any more.
        await _exchange.StopAsync();
    }

    [OneTimeTearDown]
    public ValueTask StopAsync() => _exchange.DisposeAsync();

    [Test]
    public void Flows_FedWithCanaries_LogNone()
    {
        Assert.That(_exchange.Logs.All, Has.Some.Property("Level").EqualTo(Microsoft.Extensions.Logging.LogLevel.Trace), "logs at Trace");
        new CanaryScan(All).Text("logs", _exchange.Logs.Text).VerifyNone();
    }

    [Test]
    public void Flows_FedWithCanaries_TraceNone()
    {
        var text = new StringBuilder();
        foreach (var span in _spans)
        {
            text.AppendLine($"{span.DisplayName} {span.StatusDescription} {span.TraceStateString}").AppendJoin('\n', span.TagObjects.Concat(span.Baggage.Select(b => new KeyValuePair<string, object?>(b.Key, b.Value))));
            text.AppendJoin('\n', span.Events.SelectMany(e => e.Tags.Prepend(new("event", e.Name))));
        }

        Assert.That(_spans.Select(span => span.DisplayName), Has.Some.EqualTo("ingest apply").And.Some.Contains("LookupService/Lookup"));
        new CanaryScan(All).Text("spans", text.ToString()).VerifyNone();
    }

    [Test]
    public void Flows_FedWithCanaries_ErrorsQuoteNone()
    {
        Assert.That(_failures.ToString(), Does.Contain("NOT_GRANTED").And.Contain("REQUEST_INVALID").And.Contain("BATCH_MALFORMED"));
        new CanaryScan(All).Text("errors", _failures.ToString()).VerifyNone();
    }

    [Test]
    public void Flows_FedWithCanaries_MetricsAndHealthShowNone()
    {
        Assert.That(_management, Does.Contain("dataexchange"));
        new CanaryScan(All).Text("management port", _management).VerifyNone();
    }

    [Test]
    public void Flows_FedWithCanaries_AuditHoldsNone()
    {
        Assert.That(new AuditReader(_exchange.AuditFolder).Count, Is.Positive);
        new CanaryScan(All).Files(_exchange.AuditFolder).VerifyNone();
    }

    /// <summary>Index with its log, audit log, catalogue, keys: whoever dumps them has no identifier and no value, held or not.</summary>
    [Test]
    public void Flows_FedWithCanaries_HubsFilesHoldNone()
    {
        Assert.That(Directory.GetDirectories(_exchange.DataFolder).Select(Path.GetFileName), Is.SupersetOf(new[] { "audit", "index", "keys" }));
        new CanaryScan(All).Files(_exchange.DataFolder).VerifyNone();
    }

    /// <summary>The scan does find what is there: the same value in the outbox of the department that owns it.</summary>
    [Test]
    public void Outbox_HeldValue_IsFoundByTheScan() => new CanaryScan(HeldValue).Files(_exchange.RegistryFolder).VerifyFound();

    [Test]
    public void Trace_OneId_RunsFromPublishToApply()
    {
        var published = _spans.Where(span => span.Kind == ActivityKind.Producer).Select(span => span.TraceId).ToHashSet();
        var applied = _spans.Where(span => span.DisplayName == "ingest apply" && span.GetTagItem("dataexchange.changes") is > 0).ToList();

        Assert.That(applied, Is.Not.Empty);
        Assert.That(applied.Where(span => !published.Contains(span.TraceId)), Is.Empty, "applied without a publish in the same trace");
    }

    private async Task LookUpWellAsync(Identifier subject)
    {
        var answer = await _exchange.Lookups().LookupAsync(Ask.About(subject, Ask.Held, Ask.Located));
        Assert.That(answer.Answers.Select(a => a.Evidence.Single().Value.Text), Is.EqualTo([HeldValue, LiveValue]));

        _exchange.Source.Failure = new InvalidOperationException($"{subject.Value} {LiveValue}");
        var partial = await _exchange.Lookups().LookupAsync(Ask.About(subject, Ask.Located));
        _exchange.Source.Failure = null;
        Assert.That(partial.Answers.Single().Outcome, Is.EqualTo(Wire.Outcome.Unavailable));
    }

    private async Task LookUpBadlyAsync(Identifier subject)
    {
        var notGranted = Ask.About(subject, Ask.Held);
        notGranted.Purpose = "curiosity";
        var malformed = Ask.About(new Identifier(subject.Scheme, subject.Value + "?"), Ask.Held);
        malformed.Purpose = $"{subject.Value}?";
        malformed.CaseId = $"{subject.Value}?";
        malformed.RequestId = $"{subject.Value}?";
        malformed.Attributes.Add(new Wire.AttributeId { Department = subject.Value + "?", Name = WrongPlace });
        var unknownScheme = Ask.About(new Identifier(subject.Value + "?", subject.Value), Ask.Held);

        foreach (var request in new[] { notGranted, malformed, unknownScheme })
        {
            var refused = await Assert.ThrowsAsync<RpcException>(async () => await _exchange.Lookups().LookupAsync(request));
            Note(refused!);
        }

        using var stream = _exchange.Lookups().LookupMany();
        await stream.RequestStream.WriteAsync(new Wire.LookupManyRequest { Lookups = { notGranted, malformed, unknownScheme } });
        await stream.ResponseStream.MoveNext(default);
        _failures.AppendLine(stream.ResponseStream.Current.ToString());
    }

    private async Task PublishBadlyAsync()
    {
        var client = new Wire.ChangeIngressService.ChangeIngressServiceClient(_exchange.Connect(TestCatalogue.Foreign));
        using var credentials = TlsCredentials.Load(_exchange.Certificates.Department(TestCatalogue.Foreign));
        using var key = credentials.Certificate.GetECDsaPrivateKey()!;
        var text = new Wire.Value { Text = WrongPlace };
        Wire.SetAttribute[] wrong =
        [
            new() { Subject = Person.ToWire(), Attribute = WrongPlace, Value = text },
            new() { Subject = Person.ToWire(), Attribute = TestCatalogue.Status, Value = new Wire.Value { Code = WrongPlace } },
            new() { Subject = Person.ToWire(), Attribute = TestCatalogue.Status, Locator = ByteString.CopyFromUtf8(WrongPlace) },
            new() { Subject = new Wire.Identifier { Scheme = WrongPlace, Value = Resident }, Attribute = TestCatalogue.Status, Value = text },
            new() { Subject = new Wire.Identifier { Scheme = Body.Scheme, Value = Body.Value + "?" }, Attribute = TestCatalogue.Status, Value = text },
        ];
        var payloads = wrong.Select(set => Batch(TestCatalogue.Foreign, new Wire.Change { Set = set, AsOf = DateTimeOffset.UnixEpoch.ToTimestamp() }).ToByteArray())
            .Append(Batch(WrongPlace).ToByteArray())
            .Append(Encoding.UTF8.GetBytes(Resident + WrongPlace));
        foreach (var payload in payloads)
        {
            using var stream = client.Publish();
            await stream.RequestStream.WriteAsync(new Wire.PublishRequest { Batch = Signed(credentials, key, payload) });
            try
            {
                await stream.ResponseStream.MoveNext(default);
                Assert.That(stream.ResponseStream.Current.Result, Is.EqualTo(Wire.BatchResult.Rejected));
                _failures.AppendLine(stream.ResponseStream.Current.ToString());
            }
            catch (RpcException refused)
            {
                Note(refused);
            }
        }
    }

    private static Wire.ChangeBatch Batch(string department, params Wire.Change[] changes) => new()
    {
        Department = department,
        StreamEpoch = ByteString.CopyFrom(new byte[WireLimits.EpochBytes]),
        FirstSequence = 1,
        PackedAt = DateTimeOffset.UnixEpoch.ToTimestamp(),
        Changes = { changes },
    };

    private static Wire.SignedChangeBatch Signed(TlsCredentials credentials, ECDsa key, byte[] payload) => new()
    {
        Payload = ByteString.CopyFrom(payload),
        KeyId = KeyId.Of(credentials.Certificate),
        Signature = ByteString.CopyFrom(BatchSignature.Sign(key, payload)),
    };

    /// <summary>Text and trailers; the details once more as text, where a field's name would show.</summary>
    private void Note(RpcException refused)
    {
        _failures.AppendLine(refused.ToString()).AppendLine(refused.GetRpcStatus()?.ToString());
        foreach (var trailer in refused.Trailers)
            _failures.AppendLine(trailer.IsBinary ? Encoding.Latin1.GetString(trailer.ValueBytes) : trailer.Value);
    }
}

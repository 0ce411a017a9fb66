using System.Security.Authentication;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using NUnit.Framework;

namespace DataExchange.UnitTests.Cli.Conformance;

/// <summary>Adapters with one fault each, and the rule that has to name it.</summary>
internal static class SeededFaults
{
    private static readonly TimeSpan Stated = TimeSpan.FromSeconds(3);

    public static IEnumerable<TestCaseData> All =>
    [
        Fault("TLS-1", "another department's certificate", d => d.Server.Own = d["housing"]),
        Fault("TLS-1", "a key that is not registered", d => d.Server.Own = d["renewed"]),
        Fault("TLS-2", "another hub is pinned", d => d.Server.LetsIn = _ => false),
        Fault("TLS-3", "no certificate is asked for", d => (d.Server.Mode, d.Server.LetsIn) = (ClientCertificateMode.AllowCertificate, Or(d, certificate => certificate is null))),
        Fault("TLS-4", "any root is trusted", d => (d.Server.ChecksRoot, d.Server.LetsIn) = (false, SeededServer.IsNamedHub)),
        Fault("TLS-5", "time is not looked at", d => (d.Server.ChecksTime, d.Server.LetsIn) = (false, SeededServer.IsNamedHub)),
        Fault("TLS-6", "anybody of the exchange is answered", d => d.Server.LetsIn = _ => true),
        Fault("TLS-7", "TLS 1.2 is spoken", d => d.Server.Protocols = SslProtocols.Tls12 | SslProtocols.Tls13),
        Fault("CFG-1", "the good configuration is refused", d => d.Replaced["check: [\"true\"]"] = "check: [\"false\"]"),
        Fault("CFG-2", "a bad configuration is accepted", d => d.Replaced["exit 2"] = "exit 0"),
        Fault("CFG-2", "a bad configuration is refused without a word", d => d.Replaced["echo it is wrong; "] = ""),
        Fault("DSC-1", "another department is named", d => d.Adapter.Describes = described => described.Department = "housing"),
        Fault("DSC-1", "the oldest sequence is 0", d => Refusing(d, described => described.FirstSequence = 0)),
        Fault("DSC-2", "an attribute is missing", d => d.Adapter.Describes = described => described.Attributes.RemoveAt(0)),
        Fault("DSC-2", "a located attribute is said to be held", d => d.Adapter.Describes = described => described.Attributes[1].Located = false),
        Fault("DSC-3", "an hour is stated", d => d.Adapter.Describes = described => described.Limits.AnswerTimeMax = new Duration { Seconds = 3_600 }),
        Fault("CAL-1", "Fetch fails", d => d.Adapter.Fetches = (_, _) => throw new RpcException(new Status(StatusCode.Internal, ""))),
        Fault("CAL-1", "ReadChanges fails", d => d.Adapter.Gives = batches => batches.Count == 0 ? [] : throw new RpcException(new Status(StatusCode.Internal, ""))),
        Fault("CAL-2", "Fetch is slow", d => Waiting(d, "Fetch", 1.5 * Stated)),
        Fault("CAL-3", "Fetch hangs", d => Waiting(d, "Fetch", Timeout.InfiniteTimeSpan)),
        Fault("CAL-3", "ReadChanges hangs", d => Waiting(d, "ReadChanges", Timeout.InfiniteTimeSpan)),
        Fault("CAL-4", "a large message is not answered", d => (d.Server.ReceiveBytesMax, d.Adapter.WaitsFor) = (null, request => request.RequestId.Length > 1_000_000)),
        Fault("CAL-4", "any size is taken", d => d.Server.ReceiveBytesMax = null),
        Fault("STR-1", "other bytes are signed", d => d.Adapter.Signed = payload => ByteString.CopyFrom(payload.Span[1..])),
        Fault("STR-1", "an unknown key is named", d => d.Adapter.SigningKeyId = new string('0', 64)),
        Fault("STR-1", "another department's key is named", d => d.Adapter.SigningKeyId = d.KeyIdOf("housing")),
        Fault("STR-2", "a batch has no time", d => d.Adapter.Batches[1].PackedAt = null),
        Fault("STR-2", "a batch is too large", d => Last(d).Changes.Add(Enumerable.Range(0, 1_000).Select(_ => Last(d).Changes[0]))),
        Fault("STR-3", "a batch is missing", d => d.Adapter.Batches.RemoveAt(1)),
        Fault("STR-3", "the end is missing", d => d.Adapter.Describes = described => described.LastSequence++),
        Fault("STR-4", "a batch comes twice", d => d.Adapter.Gives = batches => batches.Count > 3 ? batches.Prepend(batches[0]) : batches),
        Fault("STR-5", "a batch is of another epoch", d => d.Adapter.Batches[1].StreamEpoch = ByteString.CopyFrom(new byte[16])),
        Fault("STR-6", "a batch is made anew each time", d => d.Adapter.Gives = batches => batches.Select(Repacked)),
        Fault("STR-7", "from within a batch the next one is given", d => d.Adapter.Holds =
            (request, batch) => batch.FirstSequence >= request.FromSequence && (request.ToSequence == 0 || batch.FirstSequence <= request.ToSequence)),
        Fault("STR-7", "the end that is asked for is not looked at", d => d.Adapter.Holds = (request, batch) => batch.FirstSequence + (ulong)batch.Changes.Count > request.FromSequence),
        Fault("STR-8", "a sequence of the future is refused", d => d.Adapter.Guards = Also((adapter, request) => request.FromSequence > adapter.Next, StatusCode.OutOfRange)),
        Fault("STR-8", "for a sequence of the future everything is given", d => d.Adapter.Holds = ((Func<Wire.ReadChangesRequest, Wire.ChangeBatch, bool>)((request, _) => request.FromSequence > 1_000)).Or(d.Adapter.Holds)),
        Fault("STR-9", "any epoch is taken", d => d.Adapter.Guards = Never(StatusCode.FailedPrecondition)),
        Fault("STR-10", "sequence 0 is taken", d => d.Adapter.Guards = Never(StatusCode.InvalidArgument)),
        Fault("STR-11", "what is gone is skipped", d => d.Adapter.Guards = Never(StatusCode.OutOfRange)),
        Fault("VAL-1", "another department's attribute is published", d => d.Adapter.Batches[1].Changes[0].Set.Attribute = "address"),
        Fault("VAL-2", "a number is published as text", d => d.Adapter.Batches[1].Changes[0].Set.Value = new() { Text = "1" }),
        Fault("VAL-2", "the value of a located attribute is published", d => d.Adapter.Batches[1].Changes[1].Set.Value = new() { Text = "a return" }),
        Fault("VAL-2", "Fetch gives a value of another type", d => Finding(d, found => found.Value = new() { Flag = true })),
        Fault("VAL-3", "an identifier breaks its scheme", d => d.Adapter.Batches[1].Changes[0].Set.Subject.Value = "X1"),
        Fault("VAL-3", "a scheme is not declared", d => d.Adapter.Batches[1].Changes[0].Set.Subject.Scheme = "firm"),
        Fault("VAL-4", "schemes are linked that must not be", d => d.Adapter.Batches[1].Changes[2].Link.Right = new() { Scheme = "cn-uscc", Value = "91350100M000100Y43" }),
        Fault("CLK-1", "the clock is three days ahead", d => d.Adapter.Batches.ForEach(batch => batch.PackedAt += Duration.FromTimeSpan(TimeSpan.FromDays(3)))),
        Fault("CLK-2", "the clock is three days behind", d => d.Adapter.Packs = batch => batch.PackedAt -= Duration.FromTimeSpan(TimeSpan.FromDays(3))),
        Fault("FET-1", "a result is left out", d => d.Adapter.Fetches = (_, results) => DropFirst(results)),
        Fault("FET-1", "results are the other way round", d => d.Adapter.Fetches = (_, results) => Reverse(results)),
        Fault("FET-2", "what cannot be read is absent", d => d.Adapter.Fetches = (_, results) => Replace(results, "PROVIDER_FAILED", new() { Absent = true })),
        Fault("FET-3", "what is published is absent", d => d.Adapter.Fetches = (_, results) => ReplaceFound(results, new() { Absent = true })),
        Fault("FET-3", "its own locators are not understood", d => d.Adapter.Fetches = (_, results) => ReplaceFound(results, new() { Unavailable = "PROVIDER_FAILED" })),
        Fault("FET-4", "a value has no moment", d => Finding(d, found => found.AsOf = null)),
        Fault("FET-4", "a value is of the day after tomorrow", d => Finding(d, found => found.AsOf = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow().AddDays(2)))),
        Fault("FET-5", "a reason is made up", d => d.Adapter.Fetches = (_, results) => Replace(results, "PROVIDER_FAILED", new() { Unavailable = "NO_IDEA" })),
        Fault("DSC-2", "an attribute has no proper name", d => d.Adapter.Describes = described => described.Attributes.Add(new Wire.DescribedAttribute { Name = "\u0001X1" })),
        Fault("FET-6", "items are not counted", d => d.Adapter.CountsItems = false),
        Fault("FET-7", "a revoked grant is answered", d => d.Adapter.Fetches = (_, results) =>
            Replace(results, "NOT_GRANTED", new() { Found = new() { Value = new() { Text = "a return" }, AsOf = new Timestamp() } })),
        Fault("CHG-1", "a change is not seen", d => (d.Adapter.Changes, d.Replaced["change: \"00:00:20\""]) = (_ => { }, "change: \"00:00:04\"")),
        Fault("CHG-2", "what is gone is left out", d => (d.Adapter.Withdraws, d.Replaced["change: \"00:00:20\""]) = (_ => { }, "change: \"00:00:04\"")),
        Fault("RST-1", "it does not come back", d => (d.Adapter.Restarts, d.Replaced["restart: \"00:00:20\""]) = (adapter => adapter.Fails = _ => true, "restart: \"00:00:04\"")),
        Fault("RST-2", "it has another epoch", d => d.Adapter.Restarts = adapter => adapter.Epoch = ByteString.CopyFrom(new byte[16])),
        Fault("RST-2", "the end of the stream is lost", d => d.Adapter.Restarts = adapter => adapter.Batches.RemoveRange(3, adapter.Batches.Count - 3)),
        Fault("RST-2", "a batch is lost from the middle", d => d.Adapter.Restarts = adapter => adapter.Batches.RemoveAt(1)),
        Fault("RST-2", "batches are packed anew", d => d.Adapter.Restarts = adapter => adapter.Batches.ForEach(batch => batch.PackedAt -= Duration.FromTimeSpan(TimeSpan.FromSeconds(1)))),
        Fault("RST-3", "locators are forgotten", d => d.Adapter.Restarts = adapter => adapter.LocatorPrefix = "other-"),
        Fault("LOD-1", "it fails for a while under load", d => d.Adapter.Fails = call => call is >= 40 and < 45),
    ];

    private static TestCaseData Fault(string rule, string what, Action<SeededDepartment> spoil) =>
        new TestCaseData(rule, spoil).SetArgDisplayNames(rule, what);

    private static Func<System.Security.Cryptography.X509Certificates.X509Certificate2?, bool> Or(
        SeededDepartment department, Func<System.Security.Cryptography.X509Certificates.X509Certificate2?, bool> other)
    {
        var usual = department.Server.LetsIn;
        return certificate => other(certificate) || usual(certificate);
    }

    private static Func<Wire.ReadChangesRequest, Wire.ChangeBatch, bool> Or(
        this Func<Wire.ReadChangesRequest, Wire.ChangeBatch, bool> one, Func<Wire.ReadChangesRequest, Wire.ChangeBatch, bool> other) =>
        (request, batch) => one(request, batch) || other(request, batch);

    private static Wire.ChangeBatch Last(SeededDepartment department) => department.Adapter.Batches[^1];

    /// <summary>Describe is wrong from the second call on, so that the rest can be tried.</summary>
    private static void Refusing(SeededDepartment department, Action<Wire.DescribeResponse> spoil)
    {
        var calls = 0;
        department.Adapter.Describes = described =>
        {
            if (++calls == 4)
                spoil(described);
        };
    }

    private static void Waiting(SeededDepartment department, string rpc, TimeSpan time)
    {
        department.Adapter.Describes = described => described.Limits.AnswerTimeMax = Duration.FromTimeSpan(Stated);
        var late = 0;
        department.Adapter.Waits = async (called, token) =>
        {
            if (called != rpc || Interlocked.Increment(ref late) > 1)
                return;
            using var timer = new PeriodicTimer(time);
            await timer.WaitForNextTickAsync(token);
        };
    }

    private static Action<SeededAdapter, Wire.ReadChangesRequest> Also(Func<SeededAdapter, Wire.ReadChangesRequest, bool> refuses, StatusCode code) => (adapter, request) =>
    {
        SeededAdapter.Guard(adapter, request);
        if (refuses(adapter, request))
            throw new RpcException(new Status(code, ""));
    };

    private static Action<SeededAdapter, Wire.ReadChangesRequest> Never(StatusCode code) => (adapter, request) =>
    {
        try
        {
            SeededAdapter.Guard(adapter, request);
        }
        catch (RpcException refusal) when (refusal.StatusCode == code)
        {
            // Lets it through.
        }
    };

    private static Wire.ChangeBatch Repacked(Wire.ChangeBatch batch)
    {
        var made = batch.Clone();
        made.PackedAt = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow());
        return made;
    }

    private static void Finding(SeededDepartment department, Action<Wire.FetchedValue> spoil) => department.Adapter.Fetches = (_, results) =>
    {
        foreach (var result in results.Where(result => result.Found is not null))
            spoil(result.Found);
    };

    private static void DropFirst(IList<Wire.FetchResult> results)
    {
        if (results.Count > 1)
            results.RemoveAt(0);
    }

    private static void Reverse(IList<Wire.FetchResult> results)
    {
        foreach (var result in results.Reverse().ToList())
        {
            results.RemoveAt(0);
            results.Add(result);
        }
    }

    private static void Replace(IList<Wire.FetchResult> results, string unavailable, Wire.FetchResult with)
    {
        for (var i = 0; i < results.Count; i++)
            results[i] = results[i].Unavailable == unavailable ? with : results[i];
    }

    private static void ReplaceFound(IList<Wire.FetchResult> results, Wire.FetchResult with)
    {
        for (var i = 0; i < results.Count; i++)
            results[i] = results[i].Found is not null ? with : results[i];
    }
}

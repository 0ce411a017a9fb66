using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace DataExchange.UnitTests.Cli.Conformance;

/// <summary>
/// A good adapter of the department "tax", written from the protos alone, in memory. What a test spoils is one of its settable parts.
/// A file named change, withdraw or restart in its folder makes it do that, once.
/// </summary>
internal sealed class SeededAdapter : Wire.AdapterService.AdapterServiceBase
{
    public const string Resident = "11010519491231002X";

    private const string Domain = "dataexchange.change.v1\0";

    private readonly Lock _lock = new();
    private readonly string _folder;
    private readonly ECDsa _key;
    private int _calls;

    public SeededAdapter(string folder, X509Certificate2 department)
    {
        _folder = folder;
        _key = department.GetECDsaPrivateKey()!;
        SigningKeyId = Convert.ToHexStringLower(SHA256.HashData(department.PublicKey.ExportSubjectPublicKeyInfo()));
        // Sequences 1 to 3 have been trimmed.
        for (var first = 4UL; first < 16; first += 3)
            Batches.Add(Batch(first, Held(first), Located(first), Link(first)));
    }

    public ByteString Epoch { get; set; } = ByteString.CopyFrom([.. Enumerable.Range(1, 16).Select(n => (byte)n)]);

    public List<Wire.ChangeBatch> Batches { get; } = [];

    public string SigningKeyId { get; set; }

    public Func<ByteString, ByteString> Signed { get; set; } = payload => payload;

    public Action<Wire.DescribeResponse> Describes { get; set; } = _ => { };

    /// <summary>Refuses, or lets the request through.</summary>
    public Action<SeededAdapter, Wire.ReadChangesRequest> Guards { get; set; } = Guard;

    public Func<Wire.ReadChangesRequest, Wire.ChangeBatch, bool> Holds { get; set; } =
        (request, batch) => batch.FirstSequence + (ulong)batch.Changes.Count > request.FromSequence && (request.ToSequence == 0 || batch.FirstSequence <= request.ToSequence);

    public Func<IReadOnlyList<Wire.ChangeBatch>, IEnumerable<Wire.ChangeBatch>> Gives { get; set; } = batches => batches;

    public bool CountsItems { get; set; } = true;

    public Action<Wire.FetchRequest, IList<Wire.FetchResult>> Fetches { get; set; } = (_, _) => { };

    public Func<string, CancellationToken, Task> Waits { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Never answers the request.</summary>
    public Func<Wire.FetchRequest, bool> WaitsFor { get; set; } = _ => false;

    /// <summary>Refuses the call of this number, from 1.</summary>
    public Func<int, bool> Fails { get; set; } = _ => false;

    public Action<Wire.ChangeBatch> Packs { get; set; } = _ => { };

    public Action<SeededAdapter> Changes { get; set; } = adapter => adapter.Append(Held(adapter.Next));

    public Action<SeededAdapter> Withdraws { get; set; } = adapter => adapter.Append(new Wire.Change { Withdraw = new() { Subject = Body(4), Attribute = "income" } });

    public Action<SeededAdapter> Restarts { get; set; } = _ => { };

    /// <summary>Ends every connection, as a restart does.</summary>
    public Action Ends { get; set; } = () => { };

    public string LocatorPrefix { get; set; } = "locator-";

    public ulong Next => Batches[^1].FirstSequence + (ulong)Batches[^1].Changes.Count;

    public static Wire.Change Held(ulong number) =>
        new() { Set = new() { Subject = Body(number), Attribute = "income", Value = new() { Integer = (long)number } } };

    public static Wire.Change Located(ulong number) =>
        new() { Set = new() { Subject = Body(number), Attribute = "return", Locator = ByteString.CopyFromUtf8($"locator-{number}") } };

    public static Wire.Change Link(ulong number) =>
        new() { Link = new() { Left = Body(number), Right = new() { Scheme = "cn-resident", Value = Resident } } };

    public static Wire.Identifier Body(ulong number) => new() { Scheme = "body", Value = $"B{number}" };

    public static void Guard(SeededAdapter adapter, Wire.ReadChangesRequest request)
    {
        if (request.StreamEpoch != adapter.Epoch)
            throw new RpcException(new Status(StatusCode.FailedPrecondition, ""));
        if (request.FromSequence == 0)
            throw new RpcException(new Status(StatusCode.InvalidArgument, ""));
        if (request.FromSequence < adapter.Batches[0].FirstSequence)
            throw new RpcException(new Status(StatusCode.OutOfRange, ""));
    }

    public void Append(Wire.Change change)
    {
        var batch = Batch(Next, change);
        Packs(batch);
        Batches.Add(batch);
    }

    public override async Task<Wire.DescribeResponse> Describe(Wire.DescribeRequest request, ServerCallContext context)
    {
        await ReceiveAsync("Describe", context);
        lock (_lock)
        {
            var response = new Wire.DescribeResponse
            {
                Department = "tax", StreamEpoch = Epoch, FirstSequence = Batches[0].FirstSequence, LastSequence = Next - 1,
                Attributes = { new Wire.DescribedAttribute { Name = "income" }, new Wire.DescribedAttribute { Name = "return", Located = true } },
                Limits = new() { AnswerTimeMax = Duration.FromTimeSpan(TimeSpan.FromSeconds(5)), CallsMax = 8 },
            };
            Describes(response);
            return response;
        }
    }

    public override async Task ReadChanges(
        Wire.ReadChangesRequest request, IServerStreamWriter<Wire.ReadChangesResponse> responseStream, ServerCallContext context)
    {
        await ReceiveAsync("ReadChanges", context);
        List<Wire.ChangeBatch> given;
        lock (_lock)
        {
            Guards(this, request);
            given = [.. Gives([.. Batches.Where(batch => Holds(request, batch))])];
        }

        foreach (var batch in given)
            await responseStream.WriteAsync(new() { Batch = Sign(batch) });
    }

    public override async Task<Wire.FetchResponse> Fetch(Wire.FetchRequest request, ServerCallContext context)
    {
        if (CountsItems && request.Items.Count is 0 or > 256)
            throw new RpcException(new Status(StatusCode.InvalidArgument, ""));
        if (WaitsFor(request))
            await new TaskCompletionSource().Task.WaitAsync(context.CancellationToken);
        await ReceiveAsync("Fetch", context);
        List<Wire.FetchResult> results = [.. request.Items.Select(item => Answer(request, item))];
        Fetches(request, results);
        return new Wire.FetchResponse { Results = { results } };
    }

    /// <summary>As a department that decides by itself, too: it has taken the grant of "housing" back.</summary>
    private Wire.FetchResult Answer(Wire.FetchRequest request, Wire.FetchItem item) =>
        !item.Subject.Locator.ToStringUtf8().StartsWith(LocatorPrefix, StringComparison.Ordinal) ? new() { Unavailable = "PROVIDER_FAILED" }
        : request.Consumer == "housing" ? new() { Unavailable = "NOT_GRANTED" }
        : new() { Found = new() { Value = new() { Text = "a return" }, AsOf = new Timestamp { Seconds = 1_700_000_000 } } };

    private async Task ReceiveAsync(string rpc, ServerCallContext context)
    {
        lock (_lock)
        {
            Obey("change", Changes);
            Obey("withdraw", Withdraws);
            Obey("restart", Restart);
        }

        if (Fails(Interlocked.Increment(ref _calls)))
            throw new RpcException(new Status(StatusCode.Internal, ""));
        await Waits(rpc, context.CancellationToken);
    }

    private void Restart(SeededAdapter adapter)
    {
        Restarts(adapter);
        Ends();
    }

    private void Obey(string command, Action<SeededAdapter> act)
    {
        var path = Path.Combine(_folder, command);
        if (!File.Exists(path))
            return;
        File.Delete(path);
        act(this);
    }

    private Wire.ChangeBatch Batch(ulong first, params Wire.Change[] changes)
    {
        foreach (var change in changes)
            change.AsOf = new Timestamp { Seconds = 1_700_000_000 };
        return new()
        {
            Department = "tax", StreamEpoch = Epoch, FirstSequence = first, PackedAt = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow()), Changes = { changes },
        };
    }

    private Wire.SignedChangeBatch Sign(Wire.ChangeBatch batch)
    {
        var payload = batch.ToByteString();
        lock (_lock)
        {
            var signature = _key.SignData([.. System.Text.Encoding.UTF8.GetBytes(Domain), .. Signed(payload).Span], HashAlgorithmName.SHA256);
            return new() { Payload = payload, KeyId = SigningKeyId, Signature = ByteString.CopyFrom(signature) };
        }
    }
}

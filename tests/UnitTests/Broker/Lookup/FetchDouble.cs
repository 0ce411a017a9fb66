using System.Collections.Concurrent;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace DataExchange.UnitTests.Broker.Lookup;

/// <summary>A department's adapter as a lookup sees it: finds each item's locator, read as text, or does what a test says.</summary>
internal sealed class FetchDouble : Wire.AdapterService.AdapterServiceBase
{
    public static readonly Timestamp AsOf = Timestamp.FromDateTime(DateTime.UnixEpoch.AddYears(50));

    private int _left;

    public ConcurrentQueue<Wire.FetchRequest> Asked { get; } = new();

    /// <summary>Calls that ended before they were answered.</summary>
    public int Left => Volatile.Read(ref _left);

    public Func<Wire.FetchRequest, Task<Wire.FetchResponse>> Answer { get; set; } = request => Task.FromResult(Found(request));

    public static Wire.FetchResponse Found(Wire.FetchRequest request) => new() { Results = { request.Items.Select(item => Found(item.Subject.Locator.ToStringUtf8())) } };

    public static Wire.FetchResult Found(string text) => new() { Found = new() { Value = new() { Text = text }, AsOf = AsOf } };

    public void FailWith(StatusCode code) => Answer = _ => throw new RpcException(new Status(code, ""));

    public void Hang() => Answer = _ => new TaskCompletionSource<Wire.FetchResponse>().Task;

    public override async Task<Wire.FetchResponse> Fetch(Wire.FetchRequest request, ServerCallContext context)
    {
        Asked.Enqueue(request);
        try
        {
            return await Answer(request).WaitAsync(context.CancellationToken);
        }
        catch (OperationCanceledException)
        {
            Interlocked.Increment(ref _left);
            throw;
        }
    }
}

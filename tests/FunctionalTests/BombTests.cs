using System.Globalization;
using DataExchange.FunctionalTests.Exchange;
using Grpc.Core;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>Messages that are small on the wire and thousands of objects once read, many at once, by one department.</summary>
internal sealed class BombTests
{
    private const int Parallel = 50;
    private const int Rounds = 3;
    private const int KibibytesMax = 300 * 1024;
    private const string LookupService = "dataexchange.lookup.v1.LookupService";
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create<byte[]>(bytes => bytes, bytes => bytes);

    private static readonly (Method<byte[], byte[]> Method, int Bytes, StatusCode Expected)[] Bombs =
    [
        (new(MethodType.Unary, LookupService, "Lookup", Bytes, Bytes), 64 * 1024, StatusCode.InvalidArgument),
        (new(MethodType.DuplexStreaming, LookupService, "LookupMany", Bytes, Bytes), 1024 * 1024, StatusCode.InvalidArgument),
        // Refused in an answer of its own, as any batch that is wrong.
        (new(MethodType.DuplexStreaming, "dataexchange.change.v1.ChangeIngressService", "Publish", Bytes, Bytes), 1024 * 1024, StatusCode.OK),
    ];

    [Test]
    public async Task Hub_FiftyBombsAtOnce_RefusesThemWithinBoundedMemory()
    {
        await using var exchange = await RegisterExchange.PrepareAsync(rabbitMq: null, "govuk", RegisterOracle.Authority);
        await exchange.StartAsync(RegisterExchange.Hub, RegisterExchange.Patient);
        foreach (var department in exchange.Plan.Departments)
            await exchange.StartAsync(department.Id);
        await exchange.WhenCompleteAsync(TimeSpan.FromMinutes(1));
        var names = exchange.Oracle.MapRows.Where(row => row.Scheme == "govuk").Take(200).ToArray();
        using var desk = exchange.Connect();
        Assert.That(await desk.FaultsAsync(names, exchange.Oracle), Is.Empty);
        var before = MemoryOf(exchange, "VmRSS");

        foreach (var (method, bytes, expected) in Enumerable.Repeat(Bombs, Rounds).SelectMany(bombs => bombs))
        {
            var ends = await Task.WhenAll(Enumerable.Range(0, Parallel).Select(_ => SendAsync(desk.Calls, method, EmptySubMessages(bytes))));
            Assert.That(ends, Is.All.EqualTo(expected), method.FullName);
        }

        var peak = MemoryOf(exchange, "VmHWM");
        await TestContext.Out.WriteLineAsync($"{before / 1024} MiB before, at most {peak / 1024} MiB since the start");
        Assert.That(peak - before, Is.LessThanOrEqualTo(KibibytesMax));
        Assert.That(await desk.FaultsAsync(names, exchange.Oracle), Is.Empty);
        Assert.That(exchange.Errors(), Is.Empty);
    }

    private static async Task<StatusCode> SendAsync(CallInvoker calls, Method<byte[], byte[]> method, byte[] message)
    {
        var options = new CallOptions(deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(1));
        try
        {
            if (method.Type == MethodType.Unary)
            {
                await calls.AsyncUnaryCall(method, null, options, message);
                return StatusCode.OK;
            }

            using var call = calls.AsyncDuplexStreamingCall(method, null, options);
            try
            {
                await call.RequestStream.WriteAsync(message);
                await call.RequestStream.CompleteAsync();
            }
            catch (Exception broken) when (broken is RpcException or OperationCanceledException or InvalidOperationException)
            {
                // Refused before it was all sent: the answer says why.
            }

            while (await call.ResponseStream.MoveNext(CancellationToken.None))
            {
            }

            return StatusCode.OK;
        }
        catch (RpcException refused)
        {
            return refused.StatusCode;
        }
    }

    /// <summary>A field 1 without content, as often as it goes.</summary>
    private static byte[] EmptySubMessages(int bytes)
    {
        var message = new byte[bytes];
        for (var at = 0; at < bytes; at += 2)
            message[at] = 0x0a;
        return message;
    }

    /// <summary>In KiB.</summary>
    private static int MemoryOf(RegisterExchange exchange, string kind) => int.Parse(
        File.ReadLines($"/proc/{exchange[RegisterExchange.Hub].Id}/status").Single(line => line.StartsWith(kind, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);
}

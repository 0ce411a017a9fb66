using System.Diagnostics;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>What threads of <c>samples/08-python</c> do at moments that a running hub meets too seldom.</summary>
internal sealed class PythonStreamTests
{
    private const string Begin = """
        import queue, sys, threading
        sys.path[:0] = sys.argv[1:3]
        import cards, publisher
        from exchange import change
        from stream import Stream
        stream = Stream(sys.argv[3], "library")
        changes = list(cards.changes_between({}, cards.read(sys.argv[2] + "/cards.csv"), stream.locator_key))

        """;

    private TempFolder _folder = null!;

    [SetUp]
    public async Task MakeMessagesAsync()
    {
        _folder = new TempFolder();
        Directory.CreateDirectory(_folder["messages"]);
        string[] files = ["rpc-status", "google/api/annotations", "google/api/http", .. new[] { "types", "change", "adapter", "lookup" }.Select(area => $"dataexchange/{area}/v1/{area}")];
        await RunAsync("protoc", ["-I", "protos", "-I", "samples/07-node", $"--python_out={_folder["messages"]}", .. files.Select(file => $"{file}.proto")]);
    }

    [TearDown]
    public void Remove() => _folder.Dispose();

    [Test]
    public async Task Heartbeat_BeforeAReadingOrWithMoreToSend_IsNotMade()
    {
        var said = await PythonAsync("""
            print(stream.heartbeat(0))
            stream.append(changes, False, 1000)
            print(stream.heartbeat(9))
            stream.complete(1000)
            print(stream.heartbeat(0))
            made = change.ChangeBatch.FromString(stream.heartbeat(9))
            print(made.first_sequence, made.packed_at.seconds, made.loading)
            """);

        Assert.That(said, Is.EqualTo("None\nNone\nNone\n10 1000 False"));
    }

    [Test]
    public async Task Send_AnException_EndsTheCallAndIsNotQuoted()
    {
        var said = await PythonAsync("""
            class Broken:
                def since(self, *numbers, **most):
                    raise ValueError("30041178")
            requests = queue.Queue()
            publisher.send(0, requests, threading.Semaphore(64), threading.Event(), None, Broken())
            print(requests.get(timeout=1))
            """);

        Assert.That(said, Is.EqualTo("sending failed: ValueError\nNone"));
    }

    private Task<string> PythonAsync(string script) =>
        RunAsync("/usr/bin/python3", ["-B", "-c", Begin + script, _folder["messages"], "samples/08-python", _folder["stream"]]);

    private static Task<string> RunAsync(string program, IEnumerable<string> arguments) =>
        ServerProcess.RunAsync(new ProcessStartInfo(program, arguments) { WorkingDirectory = Repository.Root });
}

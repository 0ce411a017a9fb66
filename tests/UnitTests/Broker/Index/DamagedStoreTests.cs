using DataExchange.Broker.Index;
using DataExchange.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using static DataExchange.UnitTests.Broker.Index.TestIndex;

namespace DataExchange.UnitTests.Broker.Index;

/// <summary>
/// Files damaged while the hub was down, the log that holds the latest writes first of all. A cut end is what a crash leaves of a write
/// that nobody was told of; anything else is damage, and an index that would silently lack acknowledged changes must not start.
/// </summary>
internal sealed class DamagedStoreTests
{
    private const int Batches = 8;

    private TempFolder _folder = null!;
    private IndexOptions _options = null!;
    private List<string> _moments = null!;
    private string _log = null!;

    [SetUp]
    public async Task SetUp()
    {
        _folder = new TempFolder();
        _options = new IndexOptions { Folder = _folder["index"], HubKeyFile = _folder["hub.key"], KeyFolder = _folder["keys"] };
        _moments = [];
        await using var index = Open(_options);
        for (ulong i = 0; i < Batches; i++)
        {
            _moments.Add(Convert.ToHexString(index.ComputeDigest()));
            await index.Writer.ApplyAsync(Batch(Civil, (3 * i) + 1, Held(Ann, Name, $"{i}"), Held(Bob, Name, $"{i}"), Link(Ann, Bob)), CancellationToken.None);
        }
        _moments.Add(Convert.ToHexString(index.ComputeDigest()));
        // While it runs: closing would empty the log into a table.
        CopyStore(_options.Folder, _folder["copy"]);
        _log = Path.GetFileName(Directory.GetFiles(_folder["copy"], "*.log").Single());
    }

    [TearDown]
    public void TearDown() => _folder.Dispose();

    [Test]
    public async Task Open_LogUndamaged_IsAsItWas() => Assert.That(await OpenWithAsync(log => log), Is.EqualTo(_moments[^1]));

    [Test]
    public async Task Open_LogByteFlipped_RefusesToStart()
    {
        var length = new FileInfo(Path.Combine(_folder["copy"], _log)).Length;
        for (var i = 0; i < 20; i++)
        {
            var at = (int)(length * i / 20);
            Assert.That(await OpenWithAsync(log => [.. log[..at], (byte)(log[at] ^ 0x10), .. log[(at + 1)..]]), Is.EqualTo("refused"), $"byte {at}");
        }
    }

    [Test]
    public async Task Open_LogCut_IsTheIndexOfAnEarlierMoment()
    {
        var length = new FileInfo(Path.Combine(_folder["copy"], _log)).Length;
        var found = new List<int>();
        for (var i = 1; i <= 10; i++)
            found.Add(_moments.IndexOf(await OpenWithAsync(log => log[..(int)(length * i / 10)])));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(found, Has.All.GreaterThanOrEqualTo(0), "never half a batch");
            Assert.That(found, Is.Ordered);
            Assert.That(found[^1], Is.EqualTo(Batches));
        }
    }

    /// <returns>The digest, or "refused".</returns>
    private async Task<string> OpenWithAsync(Func<byte[], byte[]> damage)
    {
        var folder = _folder["damaged"];
        CopyStore(_folder["copy"], folder);
        File.WriteAllBytes(Path.Combine(folder, _log), damage(File.ReadAllBytes(Path.Combine(folder, _log))));
        try
        {
            await using var index = Open(new IndexOptions { Folder = folder, HubKeyFile = _options.HubKeyFile, KeyFolder = _options.KeyFolder });
            return Convert.ToHexString(index.ComputeDigest());
        }
        catch (RocksDbSharp.RocksDbException)
        {
            return "refused";
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static SubjectIndex Open(IndexOptions options) => SubjectIndex.Open(options, TimeProvider.System, NullLoggerFactory.Instance);
}

using System.Text;
using DataExchange.Broker.Index;
using DataExchange.Broker.Index.Sealing;
using DataExchange.Contracts;
using DataExchange.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;
using RocksDbSharp;

namespace DataExchange.UnitTests.Broker.Index;

/// <summary>An index in a folder of its own, with a clock that stands still.</summary>
internal sealed class TestIndex : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    public static readonly DepartmentId Civil = DepartmentId.Parse("civil-affairs");
    public static readonly DepartmentId Tax = DepartmentId.Parse("tax");
    public static readonly AttributeId Marital = AttributeId.Parse("civil-affairs/marital-status");
    public static readonly AttributeId Name = AttributeId.Parse("civil-affairs/name");
    public static readonly AttributeId Income = AttributeId.Parse("tax/income");
    public static readonly SubjectKey Ann = new(1, 1);
    public static readonly SubjectKey Bob = new(2, 2);
    public static readonly SubjectKey Cai = new(3, 3);

    private readonly TempFolder _folder = new();
    public TestIndex(ILoggerFactory? loggers = null, Action<IndexOptions>? configure = null)
    {
        Loggers = loggers ?? NullLoggerFactory.Instance;
        Options = new IndexOptions
        {
            Folder = _folder["index"],
            HubKeyFile = _folder["hub.key"],
            KeyFolder = _folder["keys"],
            BlockCacheMegabytes = 8,
            WriteBufferMegabytes = 4,
        };
        configure?.Invoke(Options);
        Index = SubjectIndex.Open(Options, Time, Loggers);
    }

    public ILoggerFactory Loggers { get; }

    public FakeTimeProvider Time { get; } = new(Start);

    public IndexOptions Options { get; }

    public SubjectIndex Index { get; private set; }

    public StreamSnapshot Stream(DepartmentId department) => Index.Streams.Find(department) ?? throw new AssertionException($"{department} is unknown.");

    /// <summary>What is held of one attribute, as text, the newest first; null if the cluster cannot be read.</summary>
    public string? Read(SubjectKey subject, params AttributeId[] attributes)
    {
        var result = Index.ReadCluster(subject, attributes);
        return result.Outcome == ClusterOutcome.Read ? string.Join(' ', result.Facts.Select(fact => Encoding.UTF8.GetString(fact.Content.Span))) : null;
    }

    public async Task<ApplyOutcome> ApplyAsync(VerifiedBatch batch) => (await Index.Writer.ApplyAsync(batch, CancellationToken.None)).Outcome;

    public async Task<ApplyOutcome> ApplyAsync(DepartmentId department, ulong first, params VerifiedChange[] changes) =>
        await ApplyAsync(Batch(department, first, changes));

    public async Task ReopenAsync(bool isClosed = false)
    {
        if (!isClosed)
            await Index.DisposeAsync();
        Index = SubjectIndex.Open(Options, Time, Loggers);
    }

    /// <summary>Puts a record in the place of the subject's that nobody wrote, and opens the index again.</summary>
    public async Task DamageAsync(SubjectKey subject)
    {
        await Index.DisposeAsync();
        using (var store = OpenStore())
        using (var write = new WriteBatch())
        {
            store.PutSubject(write, subject, "never written by an index"u8);
            store.Write(write);
        }
        Index = SubjectIndex.Open(Options, Time, Loggers);
    }

    /// <summary>The store alone, while the index is closed.</summary>
    public IndexStore OpenStore()
    {
        var store = IndexStore.Open(Options);
        store.Rows = RowKeys.LoadOrCreate(new NumberedKeyFiles(Options.KeyFolder, RowKeys.Prefix), mayCreate: false);
        return store;
    }

    /// <summary>What an operator does to begin a rotation.</summary>
    public uint CreateKey(string prefix) => new NumberedKeyFiles(Options.KeyFolder, prefix).Create();

    public async ValueTask DisposeAsync()
    {
        await Index.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Of epoch 1, packed now; its digest follows from its place and length, so that the same again is the same.</summary>
    public static VerifiedBatch Batch(DepartmentId department, ulong first, params VerifiedChange[] changes) => new()
    {
        Department = department,
        Epoch = 1,
        FirstSequence = first,
        PayloadDigest = new UInt128(first, (ulong)changes.Length),
        PackedAt = Start,
        Changes = changes,
    };

    public static VerifiedChange Held(SubjectKey subject, AttributeId attribute, string value) =>
        VerifiedChange.Set(subject, attribute, Start, Encoding.UTF8.GetBytes(value), held: true);

    public static VerifiedChange Withdraw(SubjectKey subject, AttributeId attribute) => VerifiedChange.Withdraw(subject, attribute, Start);

    public static VerifiedChange Link(SubjectKey left, SubjectKey right) => VerifiedChange.Link(left, right, Start);

    public static VerifiedChange Unlink(SubjectKey left, SubjectKey right) => VerifiedChange.Unlink(left, right, Start);

    /// <summary>The files as they are at this moment, without the owner's help: what a crash would leave.</summary>
    public static void CopyStore(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from).Where(file => Path.GetFileName(file) != "LOCK"))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }
}

using DataExchange.Broker.Audit;
using DataExchange.Contracts;
using DataExchange.Testing;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Audit;

internal static class AuditLogExtensions
{
    /// <summary>The entry alone.</summary>
    public static async Task<(AuditPosition Value, ExchangeError? Error)> AppendAsync(this AuditLog log, Wire.AuditEntry entry, CancellationToken cancellationToken)
    {
        var outcome = await log.AppendAsync([entry], cancellationToken);
        return (outcome.Values.SingleOrDefault(), outcome.Error);
    }

    public static async Task<AuditOutcome> AppendAsync(this AuditLog log, IEnumerable<Wire.AuditEntry> entries, CancellationToken cancellationToken) =>
        await log.AppendAsync([.. entries.Select(entry => (ReadOnlyMemory<byte>)entry.ToByteArray())], cancellationToken);
}

/// <summary>A log in a folder of its own, to be closed, damaged and opened again.</summary>
internal sealed class AuditTestLog : IDisposable
{
    private readonly TempFolder _folder = new();

    public AuditTestLog() => Options = new AuditOptions { Folder = _folder["audit"], FreeBytesMin = 0, RotateEvery = TimeSpan.MaxValue, Retention = TimeSpan.MaxValue };

    public AuditOptions Options { get; }

    public string Folder => Options.Folder;

    public FakeLogger<AuditLog> Logger { get; } = new();

    public string MarkPath => Path.Combine(Folder, AuditStore.MarkName);

    public IReadOnlyList<string> SegmentPaths => [.. Directory.GetFiles(Folder, "*" + SegmentFile.Extension).Order(StringComparer.Ordinal)];

    public static Wire.AuditEntry Entry(int number) => new()
    {
        RecordedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddSeconds(number)),
        RequestId = $"request-{number}",
        Consumer = "tax",
        Purpose = "assessment",
        LegalBasis = "tax act 12",
        CaseId = $"case-{number % 7}",
        SubjectKey = ByteString.CopyFrom(Guid.CreateVersion7().ToByteArray()),
        Attributes = { "civil-affairs/marital-status", "housing/address" },
        Decision = Wire.Decision.Allowed,
        Outcomes = { Wire.Outcome.Provided, Wire.Outcome.Absent },
        RequestHash = ByteString.CopyFrom(new byte[32]),
        AnswerHash = ByteString.CopyFrom(new byte[32]),
    };

    public AuditLog Open() => AuditLog.Open(Options, Logger);

    /// <summary>Opens, appends one by one, closes.</summary>
    public async Task<List<AuditPosition>> WriteAsync(int entries, int from = 0)
    {
        using var log = Open();
        var positions = new List<AuditPosition>();
        for (var number = from; number < from + entries; number++)
        {
            var outcome = await log.AppendAsync(Entry(number), CancellationToken.None);
            Assert.That(outcome.Error, Is.Null);
            positions.Add(outcome.Value);
        }

        return positions;
    }

    /// <summary>Without a publisher: the next log names what this one holds, and no root.</summary>
    public static async Task RotateAsync(AuditLog log) => Assert.That(
        await log.RotateAsync(size => Task.FromResult<byte[]?>(new Wire.AuditEntry
        {
            RecordedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch), Predecessor = new Wire.Predecessor { Origin = log.LogId, Size = size },
        }.ToByteArray())),
        Is.True);

    public List<byte[]> ReadAll() => [.. new AuditReader(Folder).Read().Select(entry => entry.ToArray())];

    /// <summary>As after a loss of power that took the newest state of the mark.</summary>
    public void SetMark(ulong count)
    {
        var mark = File.ReadAllBytes(MarkPath);
        AuditFormat.WriteMark(mark.AsSpan(0, AuditFormat.LogIdBytes).ToArray(), count, mark);
        File.WriteAllBytes(MarkPath, mark);
    }

    public void Dispose() => _folder.Dispose();
}

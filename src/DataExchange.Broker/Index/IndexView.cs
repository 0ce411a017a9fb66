using RocksDbSharp;

namespace DataExchange.Broker.Index;

internal delegate void SubjectVisitor(SubjectKey subject, ReadOnlySpan<byte> record);

/// <summary>The index at one moment.</summary>
internal sealed class IndexView(Snapshot snapshot) : IDisposable
{
    public ReadOptions Options { get; } = new ReadOptions().SetSnapshot(snapshot);

    public void Dispose() => snapshot.Dispose();
}

using DataExchange.Fuzzing.Targets;

namespace DataExchange.Fuzzing;

/// <summary>Every target.</summary>
internal static class FuzzTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("batch", BatchTarget.AcceptsPayload, BatchTarget.Payloads),
        new("publish", BatchTarget.AcceptsRequest, BatchTarget.Requests),
        new("lookup", LookupTarget.Accepts, LookupTarget.Seeds),
        new("lookup-many", LookupTarget.AcceptsMany, LookupTarget.ManySeeds),
        new("value", ValueTarget.Accepts, ValueTarget.Seeds),
        new("identifier", IdentifierTarget.Accepts, IdentifierTarget.Seeds),
        new("declared-scheme", IdentifierTarget.AcceptsDeclaration, IdentifierTarget.Declarations),
        new("catalogue", CatalogueTarget.Accepts, CatalogueTarget.Seeds),
        new("note", NoteTarget.Accepts, NoteTarget.Seeds),
        new("add-checkpoint", WitnessTarget.Accepts, WitnessTarget.Seeds),
        new("tile-path", LogTarget.AcceptsPath, LogTarget.Paths),
        new("entry-bundle", LogTarget.AcceptsBundle, LogTarget.Bundles),
        new("log-file", LogTarget.AcceptsFile, LogTarget.Files),
        new("segment", SegmentTarget.Accepts, SegmentTarget.Seeds),
        new("record", RecordTarget.Accepts, RecordTarget.Seeds),
        new("stream-state", RecordTarget.AcceptsState, RecordTarget.States),
    ];

    public static FuzzTarget Named(string name) =>
        All.FirstOrDefault(target => target.Name == name) ?? throw new ArgumentException($"There is no target {name}.", nameof(name));
}

namespace DataExchange.Contracts;

/// <summary>The contract's limits, the same for both sides; stated in the protos and tested against them.</summary>
public static class WireLimits
{
    public const int LookupBytesMax = 64 * 1024;
    public const int LookupManyBytesMax = 1024 * 1024;
    public const int BatchBytesMax = 1024 * 1024;
    public const int BatchChangesMax = 1_000;
    public const int AttributesPerLookupMax = 64;
    public const int LookupsPerMessageMax = 100;
    public const int EvidencePerAttributeMax = 64;
    public const int FetchItemsMax = 256;
    public const int LocatorBytesMax = 320;
    public const int TextBytesMax = 4_096;
    public const int CodeLengthMax = 64;
    public const int ReferenceLengthMax = 64;
    public const int LegalBasisLengthMax = 128;
    public const int EpochBytes = 16;
}

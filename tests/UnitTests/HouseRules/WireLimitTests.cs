using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using DataExchange.Broker.Audit;
using DataExchange.Contracts;
using NUnit.Framework;

namespace DataExchange.UnitTests.HouseRules;

/// <summary>The limits that the code has are those that the protos promise.</summary>
internal sealed partial class WireLimitTests
{
    [TestCase(nameof(WireLimits.LookupBytesMax), "lookup", "RESOURCE_EXHAUSTED (message over {0})")]
    [TestCase(nameof(WireLimits.LookupManyBytesMax), "lookup", "RESOURCE_EXHAUSTED for a message over {0}.")]
    [TestCase(nameof(WireLimits.BatchBytesMax), "change", "ChangeBatch, serialized; at most {0}.")]
    [TestCase(nameof(WireLimits.BatchBytesMax), "change", "RESOURCE_EXHAUSTED (message over {0})")]
    [TestCase(nameof(WireLimits.BatchChangesMax), "change", "At most {0}. repeated Change changes")]
    [TestCase(nameof(WireLimits.AttributesPerLookupMax), "lookup", "1 to {0}, no duplicates. repeated")]
    [TestCase(nameof(WireLimits.AttributesPerLookupMax), "lookup", "One subject, up to {0} attributes.")]
    [TestCase(nameof(WireLimits.LookupsPerMessageMax), "lookup", "1 to {0}. repeated LookupRequest lookups")]
    [TestCase(nameof(WireLimits.EvidencePerAttributeMax), "lookup", "newest first, at most {0}.")]
    [TestCase(nameof(WireLimits.FetchItemsMax), "adapter", "1 to {0}. repeated")]
    [TestCase(nameof(WireLimits.LocatorBytesMax), "change", "unreadable to the hub, at most {0} bytes.")]
    [TestCase(nameof(WireLimits.LocatorBytesMax), "types", "the department that made it; at most {0} bytes.")]
    [TestCase(nameof(WireLimits.TextBytesMax), "types", "At most {0} bytes of UTF-8, no control characters")]
    [TestCase(nameof(WireLimits.CodeLengthMax), "types", "code list, at most {0} characters")]
    [TestCase(nameof(WireLimits.ReferenceLengthMax), "lookup", "belongs to, at most {0} characters")]
    [TestCase(nameof(WireLimits.ReferenceLengthMax), "lookup", "for this request, at most {0} characters")]
    [TestCase(nameof(WireLimits.ReferenceLengthMax), "lookup", "never a name: at most {0} characters")]
    [TestCase(nameof(WireLimits.LegalBasisLengthMax), "lookup", "exactly as granted, at most {0} characters")]
    [TestCase(nameof(WireLimits.EpochBytes), "change", "{0} bytes, made once when the department's outbox is made. bytes stream_epoch")]
    public void Limit_InTheProto_IsTheCodes(string limit, string area, string promise) =>
        Assert.That(Prose(area), Does.Contain(string.Format(CultureInfo.InvariantCulture, promise, Spell(limit, ValueOf(limit)))));

    [Test]
    public void Limits_EveryOne_IsPromisedByAProto() =>
        Assert.That(
            typeof(WireLimits).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => field.Name),
            Is.SubsetOf(typeof(WireLimitTests).GetMethod(nameof(Limit_InTheProto_IsTheCodes))!.GetCustomAttributes<TestCaseAttribute>().Select(test => (string)test.Arguments[0]!)));

    [Test]
    public void EntryLimit_InTheProto_IsTheLogs() =>
        Assert.That(Prose("audit"), Does.Contain(string.Create(CultureInfo.InvariantCulture, $"at most {AuditFormat.EntryBytesMax:N0} bytes")));

    private static int ValueOf(string limit) => (int)typeof(WireLimits).GetField(limit)!.GetRawConstantValue()!;

    private static string Spell(string limit, int value) =>
        limit is not (nameof(WireLimits.LookupBytesMax) or nameof(WireLimits.LookupManyBytesMax) or nameof(WireLimits.BatchBytesMax)) ? value.ToString("N0", CultureInfo.InvariantCulture)
        : value % (1 << 20) == 0 ? $"{value >> 20} MiB"
        : $"{value >> 10} KiB";

    /// <summary>The proto with its comments as running text.</summary>
    private static string Prose(string area) =>
        WhiteSpace().Replace(Repository.Read($"protos/dataexchange/{area}/v1/{area}.proto").Replace("//", "", StringComparison.Ordinal), " ");

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}

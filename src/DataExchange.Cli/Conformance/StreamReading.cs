using System.Security.Cryptography;
using DataExchange.Broker.Ingest;
using DataExchange.Contracts;
using Google.Protobuf;

namespace DataExchange.Cli.Conformance;

/// <summary>One batch as it was read: what has to be the same when it is read again.</summary>
internal readonly record struct BatchMark(ulong First, ulong Last, string Digest)
{
    public static BatchMark Of(Wire.SignedChangeBatch signed)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(signed.Payload.Span));
        try
        {
            var batch = Wire.ChangeBatch.Parser.ParseFrom(signed.Payload);
            return new BatchMark(batch.FirstSequence, batch.FirstSequence + (ulong)batch.Changes.Count - 1, digest);
        }
        catch (InvalidProtocolBufferException)
        {
            return new BatchMark(0, 0, digest);
        }
    }
}

/// <summary>
/// Reads batches one after the other as the hub would, and goes on where the hub would stop, so that one wrong batch hides nothing of the
/// others. Keeps marks, not contents; bounded by the file's limit of batches.
/// </summary>
internal sealed class StreamReading(VerifyConfig config, BatchCheck batches, Verdicts verdicts)
{
    private const int SamplesMax = 8;

    private readonly List<BatchMark> _marks = [];
    private readonly Dictionary<string, Dictionary<string, ByteString>> _located = [];
    private ulong _next;
    private int _room;

    /// <summary>In the order in which they came.</summary>
    public IReadOnlyList<BatchMark> Marks => _marks;

    /// <summary>The newest sequence read; 0 before anything was.</summary>
    public ulong Last => _next == 0 ? 0 : _next - 1;

    /// <summary>Whether the limit ended the reading: what is above was not looked at.</summary>
    public bool IsCut => _room <= 0;

    public bool HasWithdrawal { get; private set; }

    /// <summary>When the last batch says it was packed.</summary>
    public DateTimeOffset PackedAt { get; private set; }

    /// <summary>Locators of facts that are stated and not withdrawn, a few for each attribute.</summary>
    public IEnumerable<(string Attribute, ByteString Locator)> Located =>
        _located.SelectMany(attribute => attribute.Value.Values.Select(locator => (attribute.Key, locator)));

    /// <summary>From here on; what was read before stays known.</summary>
    public void Begin(ulong first) => (_next, _room, HasWithdrawal) = (first, config.Limits.Batches, false);

    /// <returns>Whether there is room for more.</returns>
    public bool Take(Wire.SignedChangeBatch signed, ByteString epoch)
    {
        var refusal = batches.RefusalOf(signed, config.Department);
        Wire.ChangeBatch batch;
        try
        {
            batch = Wire.ChangeBatch.Parser.ParseFrom(signed.Payload);
        }
        catch (InvalidProtocolBufferException)
        {
            verdicts.Break(ConformanceRules.BatchForm, "a payload is no ChangeBatch");
            throw new CheckEndedException();
        }

        Judge(refusal, batch);
        JudgePlace(batch, epoch);
        // A batch that the hub would refuse still shows what the adapter meant to say.
        HasWithdrawal |= batch.Changes.Any(change => change.Withdraw is not null);
        if (refusal is null)
            Note(batch);
        _marks.Add(BatchMark.Of(signed));
        return --_room > 0;
    }

    private void Judge(ExchangeError? refusal, Wire.ChangeBatch batch)
    {
        if (refusal is null)
        {
            foreach (var rule in new[] { ConformanceRules.Signature, ConformanceRules.BatchForm, ConformanceRules.Owned, ConformanceRules.Subjects })
                verdicts.Hold(rule);
            if (batch.Changes.Any(change => change.Link is not null))
                verdicts.Hold(ConformanceRules.Links);
            return;
        }

        var broken = RuleOf(refusal.Reason);
        var about = broken == ConformanceRules.ValueType ? AttributeOf(refusal, batch) : "";
        verdicts.Break(broken, $"batch of sequence {batch.FirstSequence}: {refusal.Detail}", about);
    }

    private void JudgePlace(Wire.ChangeBatch batch, ByteString epoch)
    {
        verdicts.Judge(ConformanceRules.OneEpoch, batch.StreamEpoch == epoch, $"the batch of sequence {batch.FirstSequence} has another epoch");
        var last = batch.FirstSequence + (ulong)batch.Changes.Count - 1;
        verdicts.Judge(ConformanceRules.Once, batch.FirstSequence >= _next, $"sequence {batch.FirstSequence} came again, after {_next - 1}");
        verdicts.Judge(ConformanceRules.Contiguous, batch.FirstSequence <= _next, $"after sequence {_next - 1} came {batch.FirstSequence}");
        _next = Math.Max(_next, last + 1);

        PackedAt = batch.PackedAt is { } packed && ValueRules.IsTimestamp(packed) ? packed.ToDateTimeOffset() : DateTimeOffset.MinValue;
        var ahead = PackedAt - TimeProvider.System.GetUtcNow();
        verdicts.Judge(ConformanceRules.ClockAhead, ahead <= config.Limits.Clock, $"the batch of sequence {batch.FirstSequence} is packed {Round(ahead)} ahead of the kit's clock");
    }

    private void Note(Wire.ChangeBatch batch)
    {
        foreach (var change in batch.Changes)
        {
            if (change.Set is { } set)
            {
                if (set.Locator.IsEmpty)
                    verdicts.Hold(ConformanceRules.ValueType, set.Attribute);
                else
                    Keep(set);
            }
            else if (change.Withdraw is { } withdraw)
            {
                _located.GetValueOrDefault(withdraw.Attribute)?.Remove(KeyOf(withdraw.Subject));
            }
        }
    }

    private void Keep(Wire.SetAttribute set)
    {
        if (!_located.TryGetValue(set.Attribute, out var kept))
            _located[set.Attribute] = kept = [];
        var key = KeyOf(set.Subject);
        if (kept.Count < SamplesMax || kept.ContainsKey(key))
            kept[key] = set.Locator;
    }

    private static string KeyOf(Wire.Identifier subject) => $"{subject.Scheme}:{subject.Value}";

    private static ConformanceRule RuleOf(ErrorReason reason) => reason.Name switch
    {
        "ATTRIBUTE_NOT_OWNED" => ConformanceRules.Owned,
        "VALUE_REFUSED" => ConformanceRules.ValueType,
        "IDENTIFIER_REFUSED" => ConformanceRules.Subjects,
        "LINK_NOT_ALLOWED" => ConformanceRules.Links,
        "BATCH_MALFORMED" => ConformanceRules.BatchForm,
        _ => ConformanceRules.Signature,
    };

    /// <summary>The attribute of the change that is refused: <c>changes[3].set.value</c>.</summary>
    private static string AttributeOf(ExchangeError refusal, Wire.ChangeBatch batch)
    {
        var field = refusal.Fields[0].Field;
        var (open, close) = (field.IndexOf('[', StringComparison.Ordinal), field.IndexOf(']', StringComparison.Ordinal));
        return batch.Changes[int.Parse(field.AsSpan(open + 1, close - open - 1), System.Globalization.CultureInfo.InvariantCulture)].Set.Attribute;
    }

    private static string Round(TimeSpan time) => TimeSpan.FromSeconds(Math.Round(time.TotalSeconds)).ToString("c", System.Globalization.CultureInfo.InvariantCulture);
}

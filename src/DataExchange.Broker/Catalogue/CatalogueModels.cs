using System.Collections.Frozen;
using System.Security.Cryptography;
using DataExchange.Contracts;
using Google.Protobuf;

namespace DataExchange.Broker.Catalogue;

/// <param name="Keys">By key id.</param>
/// <param name="AdapterAddress">Null where nothing is fetched live.</param>
/// <param name="AcceptedEpoch">16 bytes, or null until an operator has accepted one.</param>
/// <param name="Suspended">Refused at every port as if it were unknown.</param>
internal sealed record DepartmentModel(
    DepartmentId Id, string Name, FrozenDictionary<string, KeyModel> Keys, Uri? AdapterAddress, byte[]? AcceptedEpoch, bool Suspended);

/// <summary>One registered ECDSA P-256 key.</summary>
internal sealed class KeyModel
{
    private readonly Lock _verifying = new();

    private KeyModel(string id, ECDsa publicKey, KeyUses uses) => (Id, PublicKey, Uses) = (id, publicKey, uses);

    public string Id { get; }

    /// <summary>One use at a time; <see cref="Verifies"/> sees to that.</summary>
    public ECDsa PublicKey { get; }

    public KeyUses Uses { get; }

    public static KeyModel Of(KeyConfig config)
    {
        var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(config.PublicKey), out _);
        return new KeyModel(config.KeyId, key, config.Uses);
    }

    /// <summary>Whether this key is registered for signing and has signed the payload. Thread safe.</summary>
    public bool Verifies(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> signature)
    {
        if (!Uses.HasFlag(KeyUses.Signing))
            return false;
        lock (_verifying)
            return BatchSignature.Verify(PublicKey, payload, signature);
    }
}

/// <inheritdoc cref="AttributeConfig"/>
internal sealed record AttributeModel(
    AttributeId Id,
    string Title,
    Wire.ValueType Type,
    Wire.Holding Holding,
    TimeSpan? MaxAge,
    Wire.Sharing Sharing,
    Wire.Sensitivity Sensitivity,
    string? LegalSource,
    AttributeId? Claims)
{
    /// <summary>The serialized <see cref="Wire.AttributeId"/>, as every answer holds it.</summary>
    public ByteString WireId { get; } = Id.ToWire().ToByteString();

    /// <summary>As <see cref="WireId"/>, of the attribute that this one is a claim of; empty for none.</summary>
    public ByteString WireClaims { get; } = Claims?.ToWire().ToByteString() ?? ByteString.Empty;
}

/// <summary>The exact tuple that is granted. No part of it is ever a pattern.</summary>
internal readonly record struct GrantKey(DepartmentId Consumer, AttributeId Attribute, string Purpose);

/// <param name="ValidFrom">First moment at which it holds.</param>
/// <param name="ValidUntil">First moment at which it no longer holds.</param>
internal sealed record GrantModel(string LegalBasis, DateTimeOffset ValidFrom, DateTimeOffset ValidUntil)
{
    public bool HoldsAt(DateTimeOffset moment) => ValidFrom <= moment && moment < ValidUntil;
}

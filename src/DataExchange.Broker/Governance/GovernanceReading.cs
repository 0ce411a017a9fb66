using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Catalogue.Reading;
using DataExchange.Contracts;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.Broker.Governance;

/// <summary>Requests of the catalogue's write side as the rows that they mean; every field at fault is named at once.</summary>
internal static class GovernanceReading
{
    private const int KeysMax = CatalogueReader.KeysPerDepartmentMax;

    /// <summary>The tuple that a consumer asks for, in whole seconds.</summary>
    public static GrantConfig ReadGrant(Wire.RequestGrantRequest request, DepartmentId consumer, DateTimeOffset now)
    {
        var errors = new List<FieldError>();
        if (!AttributeId.TryRead(request.Attribute, out var attribute))
            errors.Add(new("attribute", AttributeId.Rule));
        if (!CodeName.IsValid(request.Purpose))
            errors.Add(new("purpose", CodeName.Rule));
        if (!CatalogueValues.LegalBasis(request.LegalBasis, out _))
            errors.Add(new("legal_basis", CatalogueValues.LegalBasisRule));
        var from = Second(now);
        if (request.ValidFrom is not null && !TryMoment(request.ValidFrom, out from))
            errors.Add(new("valid_from", "must be a moment"));
        if (!TryMoment(request.ValidUntil, out var until))
            errors.Add(new("valid_until", "must be a moment"));
        else if (CatalogueRules.BrokenValidity(from, until, now) is { } rule)
            errors.Add(new("valid_until", rule));
        return errors.Count == 0
            ? new GrantConfig(consumer, attribute, request.Purpose, request.LegalBasis, from, until)
            : throw ExchangeError.Invalid(errors).ToRpcException();
    }

    /// <summary>What the registration makes of a catalogue: a department not suspended, with the given name and address, and the keys added.</summary>
    public static Func<CatalogueFile, CatalogueFile> ReadRegistration(Wire.RegisterDepartmentRequest request)
    {
        var errors = new List<FieldError>();
        if (!DepartmentId.TryParse(request.Id, out var id))
            errors.Add(new("id", CodeName.Rule));
        if (request.Name.Length > 0 && !CatalogueValues.Name(request.Name, out _))
            errors.Add(new("name", CatalogueValues.NameRule));
        string? adapter = null;
        if (request.Adapter.Length > 0 && !CatalogueValues.Address(request.Adapter, out adapter))
            errors.Add(new("adapter", CatalogueValues.AddressRule));
        var keys = ReadKeys(request, id, errors);
        return errors.Count == 0 ? Register : throw ExchangeError.Invalid(errors).ToRpcException();

        CatalogueFile Register(CatalogueFile file)
        {
            var known = file.Departments.SingleOrDefault(department => department.Id == id);
            if (known is null && request.Name.Length == 0)
                throw ExchangeError.Invalid([new("name", "must be given for a new department")]).ToRpcException();
            var now = (known ?? new DepartmentConfig(id, request.Name)) with { Suspended = false };
            now = now with { Name = request.Name.Length > 0 ? request.Name : now.Name, AdapterAddress = adapter ?? now.AdapterAddress };
            return file with
            {
                Departments = [.. file.Departments.Where(department => department.Id != id), now],
                Keys = [.. file.Keys.Where(key => key.Department != id || keys.All(added => added.KeyId != key.KeyId)), .. keys],
            };
        }
    }

    public static AttributeId ReadAttribute(Wire.AttributeId? wire) =>
        AttributeId.TryRead(wire, out var id) ? id : throw ExchangeError.Invalid([new FieldError("attribute", AttributeId.Rule)]).ToRpcException();

    public static DateTimeOffset ReadMoment(Timestamp moment, string field) =>
        TryMoment(moment, out var read) ? read : throw ExchangeError.Invalid([new FieldError(field, "must be a moment")]).ToRpcException();

    private static List<KeyConfig> ReadKeys(Wire.RegisterDepartmentRequest request, DepartmentId id, List<FieldError> errors)
    {
        var keys = new List<KeyConfig>();
        if (request.Keys.Count > KeysMax)
            errors.Add(new("keys", $"must be at most {KeysMax}"));
        foreach (var (i, key) in request.Keys.Take(KeysMax).Index())
        {
            var uses = (key.Tls ? KeyUses.Tls : KeyUses.None) | (key.Signing ? KeyUses.Signing : KeyUses.None);
            if (uses == KeyUses.None)
                errors.Add(new($"keys[{i}]", "must be for tls or for signing"));
            else if (key.Pem.Length > KeyMaterial.PemLengthMax)
                errors.Add(new($"keys[{i}].pem", CatalogueValues.PemRule));
            else if (KeyMaterial.Read(key.Pem, out var keyId, out var publicKey) is { } rule)
                errors.Add(new($"keys[{i}].pem", rule));
            else if (keys.Any(other => other.KeyId == keyId))
                errors.Add(new($"keys[{i}].pem", "must not come twice"));
            else
                keys.Add(new KeyConfig(keyId, id, publicKey, uses));
        }

        return keys;
    }

    private static bool TryMoment(Timestamp? wire, out DateTimeOffset moment)
    {
        // Bounds first: ToDateTimeOffset throws on what is not normalised. Years 1 to 9998, so that a year can be added.
        var valid = wire is { Seconds: >= -62_135_596_800 and <= 253_370_764_800, Nanos: >= 0 and <= 999_999_999 };
        moment = valid ? Second(wire!.ToDateTimeOffset()) : default;
        return valid;
    }

    private static DateTimeOffset Second(DateTimeOffset moment) => DateTimeOffset.FromUnixTimeSeconds(moment.ToUnixTimeSeconds());
}

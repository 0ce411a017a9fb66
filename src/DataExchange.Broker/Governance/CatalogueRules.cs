using System.Text;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Catalogue.Reading;
using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Contracts;

namespace DataExchange.Broker.Governance;

/// <summary>What a changed catalogue must keep to: all that a catalogue file must, and the bounds of what is granted anew.</summary>
internal static class CatalogueRules
{
    /// <summary>Grants hold for one year at most; then their consumer asks again.</summary>
    public const int GrantYearsMax = 1;

    private const int ToldMax = 20;

    /// <summary>The catalogue that a text states; key files cannot be named in it.</summary>
    /// <exception cref="Grpc.Core.RpcException">It breaks the rules of catalogue files; every error is named with its place.</exception>
    public static CatalogueFile Read(string yaml, string field)
    {
        var reading = CatalogueReader.Read(new MemoryStream(Encoding.UTF8.GetBytes(yaml)), keyFolder: null);
        return reading.File ?? throw ExchangeError.Invalid(
            [.. reading.Errors.Take(ToldMax).Select(error => new FieldError(error.Path.Length == 0 ? field : $"{field}.{error.Path}", $"(line {error.Line}) {error.Rule}"))]).ToRpcException();
    }

    /// <param name="result">The catalogue with the changes made.</param>
    public static IReadOnlyList<FieldError> Broken(CatalogueChanges changes, CatalogueFile result, DateTimeOffset now)
    {
        var broken = new List<FieldError>();
        foreach (var grant in changes.Grants.Added.Concat(changes.Grants.Changed.Select(change => change.Now)))
        {
            if (BrokenValidity(grant.ValidFrom, grant.ValidUntil, now) is { } rule)
                broken.Add(new FieldError("grants.valid_until", rule));
        }

        var reading = CatalogueReader.Read(new MemoryStream(Encoding.UTF8.GetBytes(CatalogueWriter.Write(result))), keyFolder: null);
        broken.AddRange(reading.Errors.Select(error => new FieldError(error.Path, error.Rule)));
        return [.. broken.Take(ToldMax)];
    }

    public static string? BrokenValidity(DateTimeOffset from, DateTimeOffset until, DateTimeOffset now) =>
        until <= now ? "must be in the future"
        : until <= from ? "must be after valid_from"
        : until > from.AddYears(GrantYearsMax) ? "must be at most one year after valid_from"
        : null;
}

using DataExchange.Broker.Index;
using DataExchange.Contracts;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Lookup;

/// <summary>Whether a question has to name the official who asks, and what the hub calls him or her.</summary>
internal sealed class OperatorRule(IOptions<LookupOptions> options, SubjectKeys keys)
{
    // Of no exchange's scheme, so that it is no subject's key.
    private const string Scheme = "lookup/operator";

    /// <summary>Adds an error where the field breaks its rule.</summary>
    public void Check(Wire.LookupRequest request, List<FieldError> errors)
    {
        if (request.Operator.Length > 0)
            CaseRules.CheckReference("operator", request.Operator, errors);
        else if (options.Value.OperatorRequired)
            errors.Add(new("operator", "must name the official who asks (Lookup:OperatorRequired)"));
    }

    /// <summary>Tells the officials of all departments apart; default for none.</summary>
    /// <param name="consumer">The authenticated caller: no department speaks of another's officials.</param>
    public SubjectKey KeyOf(DepartmentId consumer, string id) =>
        id.Length == 0 ? default : keys.Of(new Identifier(Scheme, $"{consumer.Value} {id}"));
}

using System.Security.Cryptography;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Index;
using DataExchange.Contracts;
using DataExchange.Hosting;

namespace DataExchange.Broker.Ingest;

/// <summary>What a hub with this catalogue would say of a batch and of a peer, without a hub: for whoever tries an adapter. Thread safe.</summary>
public sealed class BatchCheck : IDisposable
{
    private readonly SubjectKeys _subjectKeys = new(RandomNumberGenerator.GetBytes(SubjectKeys.HubKeyBytes));
    private readonly BatchVerifier _verifier;

    /// <param name="catalogue">Valid: what the reader accepted.</param>
    public BatchCheck(CatalogueFile catalogue)
    {
        var state = new CatalogueState();
        state.Replace(CatalogueSnapshot.Of(1, catalogue));
        _verifier = new BatchVerifier(state, _subjectKeys);
        Keys = new BrokerKeyDirectory(state);
    }

    /// <summary>Whose TLS keys are registered.</summary>
    public IKeyDirectory Keys { get; }

    /// <returns>Null where the hub would apply the batch; otherwise names the field and the rule, never a value.</returns>
    public ExchangeError? RefusalOf(Wire.SignedChangeBatch batch, DepartmentId department) => _verifier.Verify(batch, department).Refusal?.Error;

    public void Dispose() => _subjectKeys.Dispose();
}

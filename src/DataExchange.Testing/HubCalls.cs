using System.Security.Cryptography;
using DataExchange.Contracts;
using Grpc.Core;
using Grpc.Net.Client;

namespace DataExchange.Testing;

/// <summary>What a hub asks of an adapter, with the hub's own key. Dispose of it before the hub. Thread safe.</summary>
public sealed class HubCalls : IDisposable
{
    private readonly GrpcChannel _channel;
    private readonly FakeIndex _index;
    private readonly ECDsa _key;
    private readonly Wire.AdapterService.AdapterServiceClient _client;

    internal HubCalls(GrpcChannel channel, FakeIndex index, ECDsa key)
    {
        (_channel, _index, _key) = (channel, index, key);
        _client = new Wire.AdapterService.AdapterServiceClient(channel);
    }

    /// <summary>Asks the adapter what it publishes, and how far its stream goes.</summary>
    /// <exception cref="RpcException">The adapter refuses, or cannot be reached.</exception>
    public async Task<Wire.DescribeResponse> DescribeAsync(CancellationToken cancellationToken = default) =>
        await _client.DescribeAsync(new Wire.DescribeRequest(), cancellationToken: cancellationToken);

    /// <summary>Reads batches of the stream back, as a hub does that has lost them, and holds them against what was published.</summary>
    /// <param name="fromSequence">From 1, and not older than <c>first_sequence</c> of <see cref="DescribeAsync"/>.</param>
    /// <param name="toSequence">0 for as far as there is.</param>
    /// <exception cref="RpcException">The adapter refuses, or cannot be reached.</exception>
    /// <exception cref="InvalidOperationException">A signature is wrong, or a batch has other bytes than when it was published.</exception>
    public async Task<IReadOnlyList<Wire.ChangeBatch>> ReadChangesAsync(ulong fromSequence, ulong toSequence = 0, CancellationToken cancellationToken = default)
    {
        var request = new Wire.ReadChangesRequest { StreamEpoch = _index.Epoch, FromSequence = fromSequence, ToSequence = toSequence };
        using var call = _client.ReadChanges(request, cancellationToken: cancellationToken);
        var batches = new List<Wire.ChangeBatch>();
        await foreach (var response in call.ResponseStream.ReadAllAsync(cancellationToken))
            batches.Add(Check(response.Batch));
        return batches;
    }

    /// <summary>Asks for a located value, by the locator that was published for it.</summary>
    /// <exception cref="RpcException">The adapter refuses, or cannot be reached.</exception>
    /// <exception cref="InvalidOperationException">No locator was published, so that a hub would not ask.</exception>
    /// <exception cref="ArgumentException">As <see cref="FakeHub.Find"/>.</exception>
    public async Task<Wire.FetchResult> FetchAsync(Identifier subject, string attribute, CancellationToken cancellationToken = default)
    {
        if (_index.Find(subject, attribute) is not { Locator.IsEmpty: false } located)
            throw new InvalidOperationException("No locator was published for this attribute of the subject.");
        var response = await FetchItemsAsync([new Wire.FetchItem { Subject = new Wire.SubjectRef { Locator = located.Locator }, Attribute = attribute }], cancellationToken);
        return response.Results is [var only] ? only : throw new InvalidOperationException($"One item was asked for, {response.Results.Count} were answered.");
    }

    /// <summary>Asks for items of the test's own making.</summary>
    /// <exception cref="RpcException">The adapter refuses, or cannot be reached.</exception>
    public async Task<Wire.FetchResponse> FetchItemsAsync(IEnumerable<Wire.FetchItem> items, CancellationToken cancellationToken = default)
    {
        var request = new Wire.FetchRequest { Items = { items }, Consumer = "test", Purpose = "test", LegalBasis = "test", CaseId = "test", RequestId = "test" };
        return await _client.FetchAsync(request, cancellationToken: cancellationToken);
    }

    /// <summary>Closes the connection.</summary>
    public void Dispose() => _channel.Dispose();

    private Wire.ChangeBatch Check(Wire.SignedChangeBatch signed)
    {
        lock (_key)
        {
            if (!BatchSignature.Verify(_key, signed.Payload.Span, signed.Signature.Span))
                throw new InvalidOperationException("A batch that was read back is not signed with the department's key.");
        }

        var batch = Wire.ChangeBatch.Parser.ParseFrom(signed.Payload);
        return _index.PayloadAt(batch.FirstSequence) is { } published && published != signed.Payload
            ? throw new InvalidOperationException($"The batch from sequence {batch.FirstSequence} has other bytes than when it was published.")
            : batch;
    }
}

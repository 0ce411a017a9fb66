namespace DataExchange.Adapter;

/// <summary>A way to the hub.</summary>
/// <remarks>
/// The implementation
/// MUST complete a publish only when the other side has taken the batch durably, and fail it when that is not known;
/// MUST accept further calls while earlier ones are pending, and keep their order where the way has one;
/// need not be thread safe: calls come one after the other.
/// </remarks>
internal interface IBatchPublisher
{
    /// <summary>A confirmation speaks for the hub itself. Else it is the bus's: the hub is yet to read the batch.</summary>
    bool ConfirmsForHub { get; }

    /// <param name="firstSequence">The batch's first sequence, so that the answer can be told from another batch's.</param>
    Task<PublishConfirmation> PublishAsync(ulong firstSequence, Wire.SignedChangeBatch batch, CancellationToken cancellationToken);

    /// <summary>Drops the connection, and fails what is pending; the next publish makes a new one. MUST NOT throw.</summary>
    ValueTask ResetAsync();
}

/// <param name="Result">Unspecified where the hub has not spoken yet.</param>
/// <param name="Reason">Of the error table; empty when all is well.</param>
/// <param name="Watermark">The hub's, 0 where it has not spoken yet.</param>
internal readonly record struct PublishConfirmation(Wire.BatchResult Result, string Reason = "", string Detail = "", ulong Watermark = 0);

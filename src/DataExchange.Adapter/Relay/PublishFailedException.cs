namespace DataExchange.Adapter;

/// <summary>A batch was not confirmed. It may have arrived all the same: it is sent again, byte for byte.</summary>
/// <param name="reason">One word for the operator, as <c>TimedOut</c>.</param>
internal sealed class PublishFailedException(string reason) : Exception(reason)
{
    public string Reason => Message;
}

namespace DataExchange.Cli.Conformance.Checks;

/// <summary>A message that is larger than any the hub sends.</summary>
internal sealed class OversizeCheck(AdapterView adapter)
{
    private const int Bytes = 4 * 1024 * 1024;

    public async Task RunAsync(CancellationToken stop)
    {
        var request = AdapterView.Fetch(adapter.Config.Question);
        request.RequestId = new string('x', Bytes);
        request.Items.Add(AdapterView.Item("none", Google.Protobuf.ByteString.CopyFrom(1)));
        var answer = await adapter.Calls.TryFetchAsync(request, stop);
        if (answer.Status != Grpc.Core.StatusCode.ResourceExhausted && !answer.IsCutOff)
            adapter.Verdicts.Break(ConformanceRules.Oversize, answer.Told);
        else
            adapter.Verdicts.Judge(ConformanceRules.Oversize, (await adapter.Calls.TryDescribeAsync(stop)).IsOk, "afterwards the adapter does not answer any more");
    }
}

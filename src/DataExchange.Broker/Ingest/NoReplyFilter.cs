using MassTransit;
using MassTransit.Context;

namespace DataExchange.Broker.Ingest;

/// <summary>
/// Takes the reply addresses off a message: they are its sender's own words, and a failing message must not make the hub write to
/// whatever exchange they name.
/// </summary>
internal sealed class NoReplyFilter : IFilter<ConsumeContext>
{
    public Task Send(ConsumeContext context, IPipe<ConsumeContext> next) => next.Send(new Unaddressed(context));

    public void Probe(ProbeContext context) => context.CreateFilterScope("noReply");

    private sealed class Unaddressed(ConsumeContext context) : ConsumeContextProxy(context)
    {
        public override Uri? ResponseAddress => null;

        public override Uri? FaultAddress => null;
    }
}

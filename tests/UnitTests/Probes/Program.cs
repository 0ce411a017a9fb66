using DataExchange.UnitTests.Probes;

return args switch
{
    ["audit", var folder] => await AuditProbe.RunAsync(folder),
    ["outbox", var path] => OutboxProbe.Run(path),
    _ => 2,
};

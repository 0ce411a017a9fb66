using DataExchange.UnitTests.Probes;

return args switch
{
    ["audit", var folder] => await AuditProbe.RunAsync(folder),
    ["audit-rotating", var folder] => await AuditProbe.RunRotatingAsync(folder),
    ["outbox", var path] => OutboxProbe.Run(path),
    _ => 2,
};

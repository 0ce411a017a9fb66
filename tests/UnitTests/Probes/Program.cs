using DataExchange.UnitTests.Probes;

return args switch
{
    ["audit", var folder] => await AuditProbe.RunAsync(folder),
    _ => 2,
};

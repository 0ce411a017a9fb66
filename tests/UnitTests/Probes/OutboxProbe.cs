using DataExchange.Adapter;
using DataExchange.UnitTests.Adapter;
using Microsoft.Data.Sqlite;

namespace DataExchange.UnitTests.Probes;

/// <summary>Appends one batch after the other, and tells on standard output what is stored and what is refused. Tests kill it, or let its syncs fail.</summary>
internal static class OutboxProbe
{
    public const string Stored = "stored ";
    public const string Refused = "refused ";
    private const int RefusalsMax = 20;

    public static int Run(string path)
    {
        using var outbox = Outbox.Open(path, Sample.Department);
        for (var refusals = 0; refusals < RefusalsMax;)
        {
            var batch = Sample.Batch(outbox, outbox.LastSequence + 1, 50);
            try
            {
                outbox.Append([batch], $"{batch.LastSequence}");
                Console.Out.WriteLine($"{Stored}{batch.LastSequence}");
            }
            catch (SqliteException exception)
            {
                refusals++;
                Console.Out.WriteLine($"{Refused}{exception.SqliteErrorCode}");
            }
        }
        return 0;
    }
}

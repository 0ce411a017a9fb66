using DataExchange.Broker.Index;

namespace DataExchange.Broker;

/// <summary>How much the index of a hub holds; tombstones and former epochs do not count.</summary>
/// <param name="Subjects">Identifiers taken together as the links say.</param>
/// <param name="Identifiers">Identifiers of which anything is known.</param>
/// <param name="Facts">Attributes of identifiers.</param>
/// <param name="Links">Statements that two identifiers name the same subject.</param>
public sealed record HubStatistics(long Subjects, long Identifiers, long Facts, long Links)
{
    /// <summary>Reads the whole index, to count subjects.</summary>
    /// <param name="services">Of a running hub.</param>
    public static HubStatistics Read(IServiceProvider services)
    {
        var index = services.GetRequiredService<SubjectIndex>();
        var counts = index.Statistics;
        return new HubStatistics(index.CountSubjects(), counts.Subjects, counts.Facts, counts.Links);
    }
}

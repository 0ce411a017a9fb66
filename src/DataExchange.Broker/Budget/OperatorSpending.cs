using DataExchange.Broker.Index;

namespace DataExchange.Broker.Budget;

/// <summary>
/// What the officials of one department have spent for one purpose, each of those that their department names. A department that makes names
/// up gets nothing by it: its own budget stands beside these. Not thread safe.
/// </summary>
internal sealed class OperatorSpending(BudgetLimits limits, int windowMinutes)
{
    /// <summary>Officials who ask within two minutes; one more is refused.</summary>
    private const int AskingMax = 10_000;

    // A subject can be asked about by several officials. What is over is not counted, as with cases.
    private const int OfficialsPerSubject = 2;

    private readonly Dictionary<ulong, RequestRate> _requests = [];
    private long _forgottenAt;

    /// <summary>Members are subjects of an official, groups officials; a miss weighs in its group too.</summary>
    public DistinctWindow Subjects { get; } = new(windowMinutes, weighsGroups: true);

    /// <returns>False when the official has asked as often as allowed. A limit of 0 counts nobody.</returns>
    public bool TryTake(SubjectKey official, DateTimeOffset now)
    {
        if (official == default || limits.OperatorRequestsPerMinuteMax == 0)
            return true;
        Forget(now);
        var key = GroupOf(official);
        if (!_requests.TryGetValue(key, out var rate))
        {
            if (_requests.Count >= AskingMax)
                return false;
            _requests.Add(key, rate = new RequestRate(limits.OperatorRequestsPerMinuteMax));
        }

        return rate.TryTake(now);
    }

    /// <returns>How long nothing is free for the official; null if the subject is counted, or was.</returns>
    public TimeSpan? Spend(SubjectKey official, ulong subject, int minute)
    {
        if (official == default || limits.OperatorSubjectsMax == 0 || Subjects.Touch(MemberOf(official, subject), minute))
            return null;
        if (Subjects.IsSpent(GroupOf(official), limits.OperatorSubjectsMax, minute))
            return Subjects.Wait(minute);
        if (Subjects.Count < (long)limits.SubjectsMax * OfficialsPerSubject)
            Subjects.Add(MemberOf(official, subject), GroupOf(official), minute);
        return null;
    }

    public void Missed(SubjectKey official, ulong subject)
    {
        if (official != default)
            Subjects.Weigh(MemberOf(official, subject), limits.MissWeight);
    }

    /// <summary>Whoever has not asked for two minutes is not counted any more. Once a minute at most.</summary>
    private void Forget(DateTimeOffset now)
    {
        var minute = now.UtcTicks / TimeSpan.TicksPerMinute;
        if (minute == _forgottenAt)
            return;
        _forgottenAt = minute;
        foreach (var (key, rate) in _requests)
        {
            if (!rate.IsOfLate(now))
                _requests.Remove(key);
        }
    }

    private static ulong GroupOf(SubjectKey official) => official.High | 1;

    private static ulong MemberOf(SubjectKey official, ulong subject) => (official.High ^ subject) * 0x9E37_79B9_7F4A_7C15UL;
}

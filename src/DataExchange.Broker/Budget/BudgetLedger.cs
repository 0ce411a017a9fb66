using System.Text;
using DataExchange.Broker.Index;

namespace DataExchange.Broker.Budget;

/// <summary>Which part of a budget is spent.</summary>
internal enum BudgetPart
{
    Requests,
    Subjects,
    Neighbours,
    Case,
    OperatorRequests,
    OperatorSubjects,
}

/// <param name="Part">What is spent.</param>
/// <param name="RetryAfter">Nothing is free before.</param>
internal readonly record struct BudgetSpent(BudgetPart Part, TimeSpan RetryAfter);

/// <summary>
/// What one department has spent for one purpose. Counted before anything is looked up, so that the decision says nothing about the
/// subject; that nothing was found is booked afterwards. Thread safe; never waits but for another lookup's few hundred nanoseconds.
/// </summary>
internal sealed class BudgetLedger(BudgetLimits limits, TimeSpan window)
{
    // A subject can be asked about in several cases. What is over is not counted: nobody needs an old case who can name a new one.
    private const int CasesPerSubject = 2;

    private readonly Lock _lock = new();
    private readonly RequestRate _requests = new(limits.RequestsPerMinuteMax);
    private readonly DistinctWindow _subjects = new((int)window.TotalMinutes);
    private readonly DistinctWindow _cases = new((int)window.TotalMinutes);
    private readonly OperatorSpending _operators = new(limits, (int)window.TotalMinutes);

    /// <summary>Something was added since the last <see cref="Save"/>.</summary>
    public bool IsChanged { get; set; }

    /// <param name="key">The subject.</param>
    /// <param name="neighbourhood">Its group among the subjects, if it has one.</param>
    /// <param name="caseId">The business case.</param>
    /// <param name="official">The official who asks; default for none named.</param>
    /// <param name="now">Now.</param>
    public BudgetSpent? Spend(SubjectKey key, ulong neighbourhood, string caseId, SubjectKey official, DateTimeOffset now)
    {
        var (subject, minute) = (key.High, Minute(now));
        lock (_lock)
        {
            if (!_requests.TryTake(now))
                return new(BudgetPart.Requests, RequestRate.Window);
            if (!_operators.TryTake(official, now))
                return new(BudgetPart.OperatorRequests, RequestRate.Window);

            var isKnown = _subjects.Touch(subject, minute);
            if (!isKnown && _subjects.IsSpent(DistinctWindow.NoGroup, limits.SubjectsMax, minute))
                return new(BudgetPart.Subjects, _subjects.Wait(minute));
            if (!isKnown && limits.NeighboursMax > 0 && neighbourhood != DistinctWindow.NoGroup && _subjects.IsSpent(neighbourhood, limits.NeighboursMax, minute))
                return new(BudgetPart.Neighbours, _subjects.Wait(minute));

            var (caseKey, inCase) = CaseKeys(caseId, subject);
            var isNewInCase = limits.SubjectsPerCaseMax > 0 && !_cases.Touch(inCase, minute);
            if (isNewInCase && _cases.IsSpent(caseKey, limits.SubjectsPerCaseMax, minute))
                return new(BudgetPart.Case, _cases.Wait(minute));
            if (_operators.Spend(official, subject, minute) is { } wait)
                return new(BudgetPart.OperatorSubjects, wait);

            if (!isKnown)
                _subjects.Add(subject, neighbourhood, minute);
            if (isNewInCase && _cases.Count < (long)limits.SubjectsMax * CasesPerSubject)
                _cases.Add(inCase, caseKey, minute);
            IsChanged = true;
            return null;
        }
    }

    /// <summary>Nothing that was asked is known of the subject.</summary>
    public void Missed(SubjectKey key, SubjectKey official)
    {
        lock (_lock)
        {
            _subjects.Weigh(key.High, limits.MissWeight);
            _operators.Missed(official, key.High);
            IsChanged = true;
        }
    }

    /// <summary>What outlives a restart. Leaves out what has left the window.</summary>
    public byte[] Save(DateTimeOffset now)
    {
        using var buffer = new MemoryStream();
        using var writer = new BinaryWriter(buffer, Encoding.UTF8);
        lock (_lock)
        {
            IsChanged = false;
            foreach (var part in new[] { _subjects, _cases, _operators.Subjects })
            {
                part.Forget(Minute(now));
                part.Write(writer);
            }
        }

        writer.Flush();
        return buffer.ToArray();
    }

    /// <summary>Into a new ledger.</summary>
    /// <param name="saved">What <see cref="Save"/> made.</param>
    public void Load(byte[] saved)
    {
        using var reader = new BinaryReader(new MemoryStream(saved), Encoding.UTF8);
        _subjects.Read(reader);
        _cases.Read(reader);
        // The version before saved nothing of officials.
        if (reader.BaseStream.Position < saved.Length)
            _operators.Subjects.Read(reader);
    }

    /// <summary>FNV-1a. Cases that meet by chance, or because their caller searched for such, only use up each other's room.</summary>
    private static (ulong Case, ulong InCase) CaseKeys(string caseId, ulong subject)
    {
        var hash = 14_695_981_039_346_656_037UL;
        foreach (var character in caseId)
            hash = (hash ^ character) * 1_099_511_628_211UL;
        return (hash | 1, (hash ^ subject) * 0x9E37_79B9_7F4A_7C15UL);
    }

    private static int Minute(DateTimeOffset now) => (int)(now.UtcTicks / TimeSpan.TicksPerMinute);
}

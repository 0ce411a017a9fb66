using DataExchange.Contracts;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.Cli.Simulation;

/// <summary>
/// A synthetic population. Persons, values and the order of changes follow from the seed alone, so the same seed gives the same
/// streams on every machine, and a larger count only adds persons at the end. Holds no persons: memory does not grow with the count.
/// </summary>
internal sealed class Population
{
    // Apart from the keys of the numbers' permutation, which are hashes of small values.
    private const ulong TraitStream = ulong.MaxValue;

    private readonly ResidentNumbers _numbers;
    private readonly ulong _traitSeed;

    /// <param name="personCount">0 to <see cref="ResidentNumbers.Count"/>.</param>
    /// <param name="seed">Any.</param>
    public Population(long personCount, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(personCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(personCount, ResidentNumbers.Count);
        PersonCount = personCount;
        Seed = seed;
        _numbers = new ResidentNumbers(seed);
        _traitSeed = SeededHash.Of(seed, TraitStream);
    }

    public long PersonCount { get; }

    public ulong Seed { get; }

    /// <param name="index">0 to <see cref="PersonCount"/> - 1.</param>
    public Person PersonAt(long index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, PersonCount);
        var number = _numbers.NumberOf(index, out var birth, out var male);
        return new Person(SeededHash.Of(_traitSeed, (ulong)index), number, birth, male);
    }

    public Identifier IdentifierAt(long index) => new(CnResidentScheme.SchemeName, PersonAt(index).Number);

    public long ChangeCountOf(SimulatedDepartment department) => PersonCount * department.Attributes.Count;

    /// <summary>The department's changes: person by person, each with the attributes in the order declared.</summary>
    /// <param name="department">One of <see cref="SimulatedDepartment.All"/>.</param>
    /// <param name="skip">How many changes of the stream are taken already; the rest follows without making those.</param>
    public IEnumerable<Wire.Change> ChangesOf(SimulatedDepartment department, long skip = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(skip);
        return Stream(department.Attributes, skip);
    }

    private IEnumerable<Wire.Change> Stream(IReadOnlyList<SimulatedAttribute> attributes, long skip)
    {
        var next = (int)(skip % attributes.Count);
        for (var index = skip / attributes.Count; index < PersonCount; index++, next = 0)
        {
            var person = PersonAt(index);
            var subject = new Wire.Identifier { Scheme = CnResidentScheme.SchemeName, Value = person.Number };
            var asOf = Timestamp.FromDateTimeOffset(person.RegisteredAt);
            for (; next < attributes.Count; next++)
            {
                var set = new Wire.SetAttribute { Subject = subject, Attribute = attributes[next].Id.Name, Value = attributes[next].ValueOf(person) };
                yield return new Wire.Change { Set = set, AsOf = asOf };
            }
        }
    }
}

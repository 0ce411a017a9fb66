using CsCheck;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Policy;
using DataExchange.Contracts;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Policy;

[TestFixture]
public sealed class LookupPolicyTests
{
    private const int Cases = 1_000_000;
    private const int Worlds = 128;

    private static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly string[] Departments = ["tax", "tax-office", "housing"];
    private static readonly string[] Attributes = ["tax/income", "tax/income-2", "tax-office/income", "housing/address"];
    private static readonly string[] Purposes = ["rent-subsidy", "rent", "audit"];
    private static readonly string[] Bases = ["Act 1, section 2", "Act 1, section 22"];

    /// <summary>A name as declared, or one that is nearly it: case, dots, prefixes, patterns, encodings, look-alikes, invisible marks.</summary>
    private static Gen<string> Spelled(string[] names) => Gen.Select(Gen.OneOf(names), Gen.Int[0, 150], Gen.Int[0, 100], (name, how, place) =>
    {
        var at = place % name.Length;
        return how switch
        {
            0 => name.ToUpperInvariant(),
            1 => name + ".",
            2 => name[..at],
            3 => name[..at] + "*",
            4 => "*",
            5 => name[..at] + $"%{(int)name[at]:X2}" + name[(at + 1)..],
            6 => name.Replace('a', '\u0430'), // Cyrillic
            7 => name.Replace('i', '\u0131'), // dotless
            8 => name + " ",
            9 => name + "\0",
            10 => name.Insert(at, "\u200B"),
            11 => name.Replace("/", "//", StringComparison.Ordinal),
            12 => name.Replace('/', '.'),
            13 => name + "/",
            14 => "./" + name,
            15 => name.Replace('-', '\u2011'),
            16 => name[..at] + (char)(name[at] + 0xFEE0) + name[(at + 1)..], // full width
            17 => name + "|" + name,
            18 => "",
            19 => name + "\n",
            _ => name,
        };
    });

    private static readonly Gen<Question> Asked = Gen.Select(
        Spelled(Departments), Spelled(Attributes).Array[1, 3], Spelled(Purposes), Spelled(Bases), Gen.Int[0, 30], Gen.Int[-1, 1],
        (consumer, attributes, purpose, basis, day, tick) => new Question(consumer, attributes, purpose, basis, Epoch.AddDays(day).AddTicks(tick)));

    [Test]
    public void Decide_AnyRequest_AllowsExactlyWhatTheModelAllows()
    {
        var worlds = MakeWorlds().ToArray();
        var allowed = 0;

        Gen.Select(Gen.Int[0, Worlds - 1], Asked).Sample(
            (world, question) =>
            {
                var (grants, snapshot) = worlds[world];
                var decided = Allows(snapshot, question);
                if (decided)
                    Interlocked.Increment(ref allowed);
                return decided == ModelAllows(grants, question);
            },
            iter: Cases);

        Assert.That(allowed, Is.GreaterThan(Cases / 200), "the cases must not all be refusals");
    }

    [Test]
    public void Decide_OneAttributeNotGranted_RefusesTheWholeRequestAndNamesIt()
    {
        var snapshot = Snapshot(Granted("tax/income"));

        var error = Decide(snapshot, Epoch, "tax/income", "housing/address", "tax/income", "tax/income-2");

        Assert.That(error!.Reason, Is.EqualTo(ErrorReasons.NotGranted));
        Assert.That(error.Fields.Select(f => f.Field), Is.EqualTo(new[] { "attributes[1]", "attributes[3]" }));
        Assert.That(error.Metadata, Is.EquivalentTo(new Dictionary<string, string>
        {
            ["rule"] = "must be granted to the caller for this purpose and legal basis now", ["owners"] = "housing, tax", ["apply"] = "CatalogueService.RequestGrant",
        }));
    }

    [Test]
    public void Decide_AttributeThatDoesNotExist_IsRefusedByteForByteAsOneNotGranted()
    {
        var granted = Snapshot(Granted("tax/income"));

        var notGranted = Decide(granted, Epoch, "housing/address");
        var unknown = Decide(granted, Epoch, "housing/criminal-record");
        var unknownOfTax = Decide(granted, Epoch, "tax/criminal-record");
        var otherBasis = LookupPolicy.Decide(granted, DepartmentId.Parse("housing"), [AttributeId.Parse("tax/income")], "rent", "another", Epoch);

        Assert.That(Bytes(unknown), Is.EqualTo(Bytes(notGranted)));
        Assert.That(Bytes(otherBasis), Is.EqualTo(Bytes(unknownOfTax)));
    }

    [Test]
    public void Decide_AtTheEdgesOfValidity_HoldsFromTheFirstMomentToBeforeTheLast()
    {
        var time = new FakeTimeProvider(Epoch.AddTicks(-1));
        var snapshot = Snapshot(Granted("tax/income"));

        Assert.That(Decide(snapshot, time.GetUtcNow(), "tax/income"), Is.Not.Null, "one tick before");
        time.Advance(TimeSpan.FromTicks(1));
        Assert.That(Decide(snapshot, time.GetUtcNow(), "tax/income"), Is.Null, "the first moment");
        time.Advance(TimeSpan.FromDays(1) - TimeSpan.FromTicks(1));
        Assert.That(Decide(snapshot, time.GetUtcNow(), "tax/income"), Is.Null, "the last moment");
        time.Advance(TimeSpan.FromTicks(1));
        Assert.That(Decide(snapshot, time.GetUtcNow(), "tax/income"), Is.Not.Null, "the end");
    }

    [Test]
    public void Decide_SameMomentInAnotherZone_IsTheSame()
    {
        var snapshot = Snapshot(Granted("tax/income"));

        Assert.That(Decide(snapshot, Epoch.ToOffset(TimeSpan.FromHours(8)), "tax/income"), Is.Null);
        Assert.That(Decide(snapshot, Epoch.AddDays(1).ToOffset(TimeSpan.FromHours(-11)), "tax/income"), Is.Not.Null);
    }

    /// <summary>The rule, said as plainly as can be: on the texts, without an index, a parser or a type.</summary>
    private static bool ModelAllows(IEnumerable<GrantConfig> grants, Question question)
    {
        foreach (var attribute in question.Attributes)
        {
            var granted = false;
            foreach (var grant in grants)
            {
                granted |= grant.Consumer.Value == question.Consumer
                    && grant.Attribute.Department.Value + "/" + grant.Attribute.Name == attribute
                    && grant.Purpose == question.Purpose
                    && grant.LegalBasis == question.Basis
                    && grant.ValidFrom.UtcTicks <= question.Now.UtcTicks
                    && grant.ValidUntil.UtcTicks > question.Now.UtcTicks;
            }

            if (!granted)
                return false;
        }

        return true;
    }

    /// <summary>What reaches the policy has been parsed: a text that is no id is refused before it.</summary>
    private static bool Allows(CatalogueSnapshot snapshot, Question question)
    {
        var attributes = new List<AttributeId>();
        foreach (var text in question.Attributes)
        {
            if (!AttributeId.TryParse(text, out var id))
                return false;
            attributes.Add(id);
        }

        return DepartmentId.TryParse(question.Consumer, out var consumer)
            && LookupPolicy.Decide(snapshot, consumer, attributes, question.Purpose, question.Basis, question.Now) is null;
    }

    /// <summary>The same ones in every run, so that the seed of a failing case says all.</summary>
    private static IEnumerable<(GrantConfig[] Grants, CatalogueSnapshot Snapshot)> MakeWorlds()
    {
        for (var world = 0; world < Worlds; world++)
        {
            var random = new Random(world);
            T Any<T>(T[] from) => from[random.Next(from.Length)];
            var grants = Enumerable.Range(0, random.Next(80)).Select(_ => Epoch.AddDays(random.Next(15)))
                .Select(from => new GrantConfig(
                    DepartmentId.Parse(Any(Departments)), AttributeId.Parse(Any(Attributes)), Any(Purposes), Any(Bases), from, from.AddDays(1 + random.Next(30))))
                .DistinctBy(grant => (grant.Consumer, grant.Attribute, grant.Purpose))
                .ToArray();
            yield return (grants, Snapshot(grants));
        }
    }

    private static CatalogueSnapshot Snapshot(params GrantConfig[] grants) => CatalogueSnapshot.Of(1, new CatalogueFile { Grants = grants });

    private static GrantConfig Granted(string attribute) =>
        new(DepartmentId.Parse("housing"), AttributeId.Parse(attribute), "rent", "Act 1", Epoch, Epoch.AddDays(1));

    private static ExchangeError? Decide(CatalogueSnapshot snapshot, DateTimeOffset now, params string[] attributes) =>
        LookupPolicy.Decide(snapshot, DepartmentId.Parse("housing"), [.. attributes.Select(AttributeId.Parse)], "rent", "Act 1", now);

    private static byte[] Bytes(ExchangeError? error) => error!.ToRpcException().GetRpcStatus()!.ToByteArray();

    private sealed record Question(string Consumer, string[] Attributes, string Purpose, string Basis, DateTimeOffset Now);
}

using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using NUnit.Framework;

namespace DataExchange.UnitTests.HouseRules;

/// <summary>What types are called and how they are closed.</summary>
internal sealed partial class TypeTests
{
    [Test]
    public void Classes_NotMeantForInheritance_AreSealed() =>
        Assert.That(
            Repository.WrittenTypes.Where(type => type is { IsClass: true, IsSealed: false, IsAbstract: false } && !Repository.WrittenTypes.Any(other => other.BaseType == type)),
            Is.Empty);

    [Test]
    public void Types_NamedAfterNothingInParticular_AreAbsent() =>
        Assert.That(
            Repository.WrittenTypes
                .Concat(Repository.WrittenTypesOf(typeof(TypeTests).Assembly))
                .Concat(Repository.WrittenTypesOf(typeof(DataExchange.Testing.Eventually).Assembly))
                .Where(type => VagueName().IsMatch(type.Name)),
            Is.Empty);

    [Test]
    public void Options_EveryBoundClass_HasAValidator()
    {
        var validated = Repository.WrittenTypes
            .SelectMany(type => type.GetInterfaces())
            .Where(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IValidateOptions<>))
            .Select(type => type.GenericTypeArguments[0])
            .ToHashSet();
        var bound = Repository.Files("src", "*.cs").SelectMany(path => BoundOptions().Matches(Repository.Read(path))).Select(match => match.Groups[1].Value).ToHashSet();

        var options = Repository.WrittenTypes.Where(type => bound.Contains(type.Name)).ToList();

        Assert.That(options, Has.Count.GreaterThan(5));
        Assert.That(options.Where(type => !validated.Contains(type)), Is.Empty);
    }

    [Test]
    public void Tests_EveryName_ReadsSubjectSituationOutcome()
    {
        var tests = typeof(TypeTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .Where(method => method.GetCustomAttributes().Any(attribute => attribute is TestAttribute or TestCaseAttribute or TestCaseSourceAttribute));

        Assert.That(tests.Where(method => !TestName().IsMatch(method.Name)).Select(method => $"{method.DeclaringType!.Name}.{method.Name}"), Is.Empty);
    }

    [Test]
    public void Tests_OfEveryKind_NeitherSleepNorSwitchThemselvesOff()
    {
        // Eventually is the one place that pauses.
        var files = Repository.Files("tests", "*.cs").Where(path => path is not "tests/Testing/Eventually.cs" && !path.StartsWith("tests/UnitTests/HouseRules/", StringComparison.Ordinal));

        Assert.That(files.Where(path => SleepOrSkip().IsMatch(Repository.Read(path))), Is.Empty);
    }

    [Test]
    public void LogMessages_EventIds_AreEachUsedOnce()
    {
        var ids = Repository.Files("src", "*.cs").SelectMany(path => EventId().Matches(Repository.Read(path)).Select(match => (Id: match.Groups[1].Value, path)));

        Assert.That(ids.GroupBy(used => used.Id).Where(group => group.Count() > 1).SelectMany(group => group), Is.Empty);
    }

    [GeneratedRegex(@"\[LoggerMessage\((\d+),")]
    private static partial Regex EventId();

    [GeneratedRegex("Manager|Helper|Util(s|ity|ities)?$|Processor|Common")]
    private static partial Regex VagueName();

    [GeneratedRegex(@"(?:AddOptions|IOptions|IOptionsMonitor)<(?:\w+\.)*(\w+)>")]
    private static partial Regex BoundOptions();

    [GeneratedRegex("^[A-Z][A-Za-z0-9]*_[A-Z][A-Za-z0-9]*_[A-Z][A-Za-z0-9]*$")]
    private static partial Regex TestName();

    [GeneratedRegex(@"\bTask\.Delay\((?!Timeout\.Infinite)|\bThread\.Sleep\(|\bAssert\.(Ignore|Inconclusive|Pass)\b|\[(Ignore|Explicit)\b")]
    private static partial Regex SleepOrSkip();
}

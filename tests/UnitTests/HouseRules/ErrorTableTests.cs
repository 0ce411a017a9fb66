using System.Text;
using System.Text.RegularExpressions;
using DataExchange.Contracts;
using Grpc.Core;
using NUnit.Framework;

namespace DataExchange.UnitTests.HouseRules;

/// <summary>docs/errors.md is the table of reasons, printed. With UPDATE_DOCS=1 the test writes it.</summary>
internal sealed partial class ErrorTableTests
{
    private const string Document = "docs/errors.md";

    [Test]
    public void Document_OfErrors_IsTheTablePrinted()
    {
        var printed = Print();
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
            File.WriteAllText(Repository.PathOf(Document), printed);

        Assert.That(Repository.Read(Document), Is.EqualTo(printed), "run the test with UPDATE_DOCS=1 to print the table anew");
    }

    private static string Print()
    {
        var text = new StringBuilder("""
            # Errors

            Printed by a test from `ErrorReasons`; do not edit. Every failed call carries `google.rpc.Status` with `ErrorInfo`: `reason` as below,
            `domain` always `dataexchange`. `BadRequest` names fields at fault, `RetryInfo` a delay where one is known. A reason never changes its
            meaning. Codes of batches and attributes, which fail alone, stand for what a call would end with.

            | reason | gRPC code | retry | what happened | way out | who can mend it |
            | --- | --- | --- | --- | --- | --- |

            """);
        foreach (var reason in ErrorReasons.All)
            text.Append(null, $"| `{reason.Name}` | {CodeName(reason.Code)} | {(reason.Retryable ? "yes" : "no")} | {reason.Meaning} | {reason.Advice} | {reason.FixedBy} |\n");
        return text.ToString();
    }

    /// <summary>As the gRPC documents spell it.</summary>
    private static string CodeName(StatusCode code) => WordStart().Replace(code.ToString(), "_").ToUpperInvariant();

    [GeneratedRegex("(?<=[a-z])(?=[A-Z])")]
    private static partial Regex WordStart();
}

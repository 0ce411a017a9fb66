using System.Text;
using DataExchange.Testing;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace DataExchange.UnitTests.Testing;

public sealed class CanaryScanTests
{
    private const string Canary = "CANARY-11010519491231002X";

    [TestCase("utf-8")]
    [TestCase("utf-16")]
    [TestCase("hex")]
    [TestCase("base64")]
    [TestCase("base64, shifted by one")]
    [TestCase("base64, shifted by two")]
    public void Files_CanaryInSomeSpelling_IsFound(string spelling)
    {
        using var folder = new TempFolder();
        var bytes = Encoding.UTF8.GetBytes(Canary);
        File.WriteAllBytes(folder["some.file"], [1, 0xC3, 7, .. spelling switch
        {
            "utf-8" => bytes,
            "utf-16" => Encoding.Unicode.GetBytes(Canary),
            "hex" => Encoding.ASCII.GetBytes(Convert.ToHexStringLower(bytes)),
            _ => Encoding.ASCII.GetBytes(Convert.ToBase64String([.. new byte[spelling.Length % 4], .. bytes, 9, 9])),
        }]);

        Assert.That(() => new CanaryScan(Canary).Files(folder.Path).VerifyNone(), Throws.InstanceOf<AssertionException>());
        new CanaryScan("another canary altogether").Files(folder.Path).VerifyNone();
    }

    [Test]
    public void Text_CanaryInALogField_IsFound()
    {
        using var logs = new LogCapture();
        var fields = new Dictionary<string, object?> { ["field"] = Canary.ToLowerInvariant() };
        logs.CreateLogger("test").Log(LogLevel.Information, default, fields, null, (_, _) => "no canary here");

        Assert.That(() => new CanaryScan(Canary).Text("logs", logs.Text).VerifyNone(), Throws.InstanceOf<AssertionException>());
    }

    [Test]
    public void VerifyNoErrors_ErrorNobodyExpected_Fails()
    {
        using var logs = new LogCapture();
        logs.CreateLogger("test").LogError(new EventId(1, "Known"), "known");
        logs.Expect("Known").VerifyNoErrors();

        logs.CreateLogger("test").LogError(new EventId(2, "Other"), "other");

        Assert.That(logs.VerifyNoErrors, Throws.InstanceOf<AssertionException>());
    }
}

using DataExchange.Transparency;
using NUnit.Framework;

namespace DataExchange.UnitTests.Transparency;

public sealed class LogOriginTests
{
    [TestCase("hub-1/audit/9d8185bd97fd88e26841b97a00000001", "hub-1/audit/9d8185bd97fd88e26841b97a00000002")]
    [TestCase("hub-1/audit/000000000000000000000000ffffffff", "hub-1/audit/00000000000000000000000100000000")]
    [TestCase("9d8185bd97fd88e26841b97a00000009", "9d8185bd97fd88e26841b97a0000000a")]
    [TestCase("hub-1/audit/9D8185BD97FD88E26841B97A00000001", null)]
    [TestCase("hub-1/audit/0", null)]
    [TestCase("hub-1/audit/", null)]
    [TestCase("", null)]
    public void After_Origin_IsTheOneWithTheNextNumber(string origin, string? next) => Assert.That(LogOrigin.After(origin), Is.EqualTo(next));

    [TestCase("a/00000000000000000000000000000001", "a/00000000000000000000000000000002", true)]
    [TestCase("a/00000000000000000000000000000002", "a/00000000000000000000000000000001", true)]
    [TestCase("a/00000000000000000000000000000001", "a/00000000000000000000000000002711", true)]
    [TestCase("a/00000000000000000000000000000001", "a/00000000000000000000000000002712", false)]
    [TestCase("a/00000000000000000000000000000001", "b/00000000000000000000000000000002", false)]
    [TestCase("a/b", "a/b", false)]
    public void AreOfOneHub_TwoOrigins_AreNearAndOfOnePrefix(string origin, string other, bool are) =>
        Assert.That(LogOrigin.AreOfOneHub(origin, other), Is.EqualTo(are));
}

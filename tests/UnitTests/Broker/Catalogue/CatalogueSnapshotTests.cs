using System.Security.Cryptography;
using DataExchange.Broker.Catalogue;
using DataExchange.Contracts;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Catalogue;

[TestFixture]
public sealed class CatalogueSnapshotTests
{
    [Test]
    public void MayLink_DeclaredPair_HoldsInBothOrdersForThatDepartmentOnly()
    {
        var snapshot = CatalogueSnapshot.Of(1, SampleCatalogue.File(SampleCatalogue.Yaml));
        var (civil, housing) = (DepartmentId.Parse("civil-affairs"), DepartmentId.Parse("housing"));

        Assert.Multiple(() =>
        {
            Assert.That(snapshot.MayLink(civil, "coins", "cn-resident"));
            Assert.That(snapshot.MayLink(civil, "cn-resident", "coins"));
            Assert.That(snapshot.MayLink(civil, "coins", "coins"), Is.False);
            Assert.That(snapshot.MayLink(civil, "coins", "buyer-id"), Is.False);
            Assert.That(snapshot.MayLink(housing, "coins", "cn-resident"), Is.False);
        });
    }

    [Test]
    public void Schemes_DeclaredOnes_CanonicalizeAsDeclared()
    {
        var schemes = CatalogueSnapshot.Of(1, SampleCatalogue.File(SampleCatalogue.Yaml)).Schemes;

        Assert.That(schemes.TryRead(new Wire.Identifier { Scheme = "coins", Value = " dcm048 " }, "identifier", out var identifier, out _));
        Assert.That(identifier, Is.EqualTo(new Identifier("coins", "DCM048")));
    }

    [Test]
    public void Verifies_BatchOfTheKey_OnlyWithTheUseForSigning()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var info = key.ExportSubjectPublicKeyInfo();
        var signature = BatchSignature.Sign(key, [1, 2, 3]);
        KeyModel Model(KeyUses uses) => KeyModel.Of(new KeyConfig(KeyId.Of(info), DepartmentId.Parse("tax"), Convert.ToBase64String(info), uses));

        Assert.Multiple(() =>
        {
            Assert.That(Model(KeyUses.Signing).Verifies([1, 2, 3], signature));
            Assert.That(Model(KeyUses.Signing).Verifies([1, 2, 4], signature), Is.False);
            Assert.That(Model(KeyUses.Tls).Verifies([1, 2, 3], signature), Is.False);
        });
    }

    [Test]
    public void Verifies_FromManyThreads_GivesTheSameAnswer()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var info = key.ExportSubjectPublicKeyInfo();
        var model = KeyModel.Of(new KeyConfig(KeyId.Of(info), DepartmentId.Parse("tax"), Convert.ToBase64String(info), KeyUses.Signing));
        var signature = BatchSignature.Sign(key, [7]);

        Parallel.For(0, 2_000, _ => Assert.That(model.Verifies([7], signature)));
    }
}

using DataExchange.Broker.Catalogue;
using DataExchange.Hosting;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Catalogue;

[TestFixture]
public sealed class BrokerKeyDirectoryTests
{
    private readonly CatalogueFile _file = SampleCatalogue.File(SampleCatalogue.With("suspended: true", "suspended: false"));
    private CatalogueState _state = null!;

    private string CivilKey => _file.Keys[0].KeyId;

    private string HousingKey => _file.Keys[1].KeyId;

    [SetUp]
    public void Begin() => _state = new CatalogueState();

    [Test]
    public void Check_RegisteredKey_IsLetIn()
    {
        _state.Replace(CatalogueSnapshot.Of(1, _file));

        Assert.That(Check(PeerRole.Department, "civil-affairs", CivilKey), Is.Null);
        Assert.That(Check(PeerRole.Department, "housing", HousingKey), Is.Null);
    }

    [Test]
    public void Check_AnyoneElse_IsRefusedWithTheReason()
    {
        _state.Replace(CatalogueSnapshot.Of(1, _file));

        Assert.Multiple(() =>
        {
            Assert.That(Check(PeerRole.Department, "nobody", CivilKey), Is.EqualTo("DEPARTMENT_UNKNOWN"));
            Assert.That(Check(PeerRole.Department, "Housing", HousingKey), Is.EqualTo("DEPARTMENT_UNKNOWN"));
            Assert.That(Check(PeerRole.Hub, "housing", HousingKey), Is.EqualTo("DEPARTMENT_UNKNOWN"), "a hub is no department, whatever its name");
            Assert.That(Check(PeerRole.Department, "housing", CivilKey), Is.EqualTo("KEY_NOT_REGISTERED"), "another's key");
            Assert.That(Check(PeerRole.Department, "housing", new string('0', 64)), Is.EqualTo("KEY_NOT_REGISTERED"));
            Assert.That(Check(PeerRole.Department, "housing", HousingKey.ToUpperInvariant()), Is.EqualTo("KEY_NOT_REGISTERED"));
        });
    }

    [Test]
    public void Check_KeyForSigningOnly_DoesNotOpenConnections()
    {
        _state.Replace(CatalogueSnapshot.Of(1, _file with { Keys = [_file.Keys[0] with { Uses = KeyUses.Signing }] }));

        Assert.That(Check(PeerRole.Department, "civil-affairs", CivilKey), Is.EqualTo("KEY_NOT_REGISTERED"));
    }

    [Test]
    public void Check_SuspendedLater_IsRefusedFromThenOn()
    {
        _state.Replace(CatalogueSnapshot.Of(1, _file));
        Assert.That(Check(PeerRole.Department, "housing", HousingKey), Is.Null);

        _state.Replace(CatalogueSnapshot.Of(2, SampleCatalogue.File(SampleCatalogue.Yaml)));

        Assert.That(Check(PeerRole.Department, "housing", HousingKey), Is.EqualTo("DEPARTMENT_UNKNOWN"));
    }

    [Test]
    public void Check_NoCatalogueYet_IsUnavailable() =>
        Assert.That(Check(PeerRole.Department, "housing", HousingKey), Is.EqualTo("CATALOGUE_UNAVAILABLE"));

    private string? Check(PeerRole role, string name, string keyId) => new BrokerKeyDirectory(_state).Check(new PeerIdentity(role, name, keyId))?.Reason.Name;
}

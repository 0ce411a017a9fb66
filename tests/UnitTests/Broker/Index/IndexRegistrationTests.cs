using DataExchange.Broker.Index;
using DataExchange.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Index;

internal sealed class IndexRegistrationTests
{
    [Test]
    public async Task AddIndex_DataDirectoryGiven_PutsIndexAndKeyIntoIt()
    {
        using var folder = new TempFolder();
        using (var host = Build(("Hub:DataDirectory", folder.Path)))
        {
            await host.StartAsync();
            var index = host.Services.GetRequiredService<SubjectIndex>();
            using (Assert.EnterMultipleScope())
            {
                Assert.That(File.Exists(folder["hub.key"]) && Directory.Exists(folder["index"]));
                Assert.That(host.Services.GetRequiredService<IndexWriter>(), Is.SameAs(index.Writer));
                Assert.That(host.Services.GetRequiredService<StreamStates>(), Is.SameAs(index.Streams));
                Assert.That(host.Services.GetRequiredService<SubjectKeys>(), Is.SameAs(index.Keys));
            }
            await host.StopAsync();
        }
        Assert.That(() => IndexStore.Open(new IndexOptions { Folder = folder["index"] }).Dispose(), Throws.Nothing, "closed with the host");
    }

    [Test]
    public async Task AddIndex_OptionsBreakTheirRules_AllAreNamedAtStart()
    {
        using var folder = new TempFolder();
        using var host = Build(("Index:Folder", folder["index"]), ("Index:HubKeyFile", folder["index/hub.key"]), ("Index:ClusterIdentifiersMax", "0"), ("Index:GroupBatchesMax", "0"));
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.That(string.Join('\n', refused!.Failures), Does.Contain("HubKeyFile").And.Contain("ClusterIdentifiersMax").And.Contain("GroupBatchesMax"));
    }

    [Test]
    public async Task AddIndex_NoPlaceGiven_RefusesToStart()
    {
        using var host = Build();
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.That(string.Join('\n', refused!.Failures), Does.Contain("Folder").And.Contain("HubKeyFile"));
    }

    private static IHost Build(params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value));
        builder.Services.AddIndex();
        return builder.Build();
    }
}

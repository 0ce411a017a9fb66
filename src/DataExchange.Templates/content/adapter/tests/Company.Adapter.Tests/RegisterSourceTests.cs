using DataExchange.Contracts;
using DataExchange.Testing;
using DataExchange.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using NUnit.Framework;
using Identifier = DataExchange.Contracts.Identifier;

namespace Company.Adapter.Tests;

/// <summary>The whole adapter against a hub that holds only what it publishes.</summary>
public sealed class RegisterSourceTests
{
    // What the catalogue says of my-department.
    private static readonly FakeCatalogue Catalogue = new("my-department")
    {
        Schemes = [new DeclaredScheme("body", "B[0-9]{6}", null, SchemeNormalization.Trim | SchemeNormalization.Upper)],
        Attributes = [new AttributeDeclaration("status", DataExchange.Wire.ValueType.Code)],
    };

    private FakeHub _hub = null!;
    private WebApplication _adapter = null!;
    private string _register = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _register = Path.GetTempFileName();
        await File.WriteAllLinesAsync(_register, ["number,since,body,status", "1,2026-01-12,B000017,active", "2,2026-02-03,B000018,active", "3,2026-05-20,B000018,"]);
        _hub = await FakeHub.StartAsync(Catalogue);
        _adapter = await StartAdapterAsync();
    }

    [TearDown]
    public async Task StopAsync()
    {
        await StopAdapterAsync();
        await _hub.DisposeAsync();
        File.Delete(_register);
    }

    [Test]
    public async Task Register_AsItStands_IsWhatTheHubHolds()
    {
        await _hub.CurrentAsync();

        Assert.That(_hub.Refused, Is.Empty);
        Assert.That(_hub.Find(Body("B000017"), "status")?.Value?.Code, Is.EqualTo("active"));
        Assert.That(_hub.Find(Body("B000018"), "status"), Is.Null, "its status was taken back");
    }

    [Test]
    public async Task Register_LineAdded_IsPublishedOnce()
    {
        await _hub.CurrentAsync();
        await File.AppendAllLinesAsync(_register, ["4,2026-06-01,B000018,dissolved"]);
        await _hub.CurrentAsync();

        Assert.That(_hub.Find(Body("B000018"), "status")?.Value?.Code, Is.EqualTo("dissolved"));
        Assert.That(_hub.Changes, Has.Count.EqualTo(4));
    }

    [Test]
    public async Task Adapter_StartedAgain_GoesOnWhereItWas()
    {
        await _hub.CurrentAsync();
        await StopAdapterAsync();
        await File.AppendAllLinesAsync(_register, ["4,2026-06-01,B000017,dissolved"]);
        _adapter = await StartAdapterAsync();
        await _hub.CurrentAsync();

        Assert.That(_hub.Changes, Has.Count.EqualTo(4));
        Assert.That(_hub.Refused, Is.Empty);
    }

    [Test]
    public async Task Adapter_AskedByTheHub_GivesItsStreamBack()
    {
        await _hub.CurrentAsync();
        using var hub = _hub.Call(new Uri(_adapter.Urls.First(url => url.StartsWith("https", StringComparison.Ordinal))));

        var description = await hub.DescribeAsync();

        Assert.That(description.Attributes.Select(attribute => attribute.Name), Is.EqualTo(new[] { "status" }));
        Assert.That(description.LastSequence, Is.EqualTo(3));
    }

    private static Identifier Body(string number) => new("body", number);

    private async Task StopAdapterAsync()
    {
        await _adapter.StopAsync();
        await _adapter.DisposeAsync();
    }

    private async Task<WebApplication> StartAdapterAsync()
    {
        var builder = WebApplication.CreateBuilder();
        // appsettings.json of the adapter, as far as the hub of the test says nothing else.
        builder.Configuration.AddInMemoryCollection(_hub.Settings);
        builder.Configuration.AddInMemoryCollection([new("Register:Path", _register)]);
        var adapter = Adapter.Build(builder);
        await adapter.StartAsync();
        return adapter;
    }
}

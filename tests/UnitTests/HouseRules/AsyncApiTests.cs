using System.Globalization;
using DataExchange.Broker;
using DataExchange.Contracts;
using DataExchange.Hosting;
using MassTransit;
using MassTransit.Serialization;
using NUnit.Framework;
using YamlDotNet.RepresentationModel;
using YamlNode = YamlDotNet.RepresentationModel.YamlNode;

namespace DataExchange.UnitTests.HouseRules;

/// <summary>The constants of docs/asyncapi.yaml are the code's.</summary>
internal sealed class AsyncApiTests
{
    private readonly YamlNode _document = Load();

    [TestCase("")]
    [TestCase("_error")]
    [TestCase("_skipped")]
    public void Queue_InTheDocument_IsTheHubs(string suffix) =>
        Assert.That(
            ((YamlMappingNode)_document["channels"]).Children.Values.Select(channel => channel["address"].ToString()),
            Does.Contain(new HubOptions { BrokerId = "{brokerId}" }.IndexQueue + suffix));

    [Test]
    public void Exchange_InTheDocument_IsTheOneThatIsPublishedTo()
    {
        var channel = _document["channels"]["changeBatches"];

        Assert.That(channel["address"].ToString(), Is.EqualTo(BusRegistration.Exchange));
        Assert.That(channel["bindings"]["amqp"]["exchange"]["name"].ToString(), Is.EqualTo(BusRegistration.Exchange));
    }

    [Test]
    public void ContentType_InTheDocument_IsMassTransits()
    {
        var contentType = SystemTextJsonMessageSerializer.JsonContentType.MediaType;

        Assert.That(_document["defaultContentType"].ToString(), Is.EqualTo(contentType));
        Assert.That(((YamlMappingNode)_document["components"]["messages"]).Children.Values.Select(message => message["contentType"].ToString()), Is.All.EqualTo(contentType));
    }

    [Test]
    public void Message_InTheDocument_IsTheOneOnTheBus()
    {
        var schemas = _document["components"]["schemas"];
        var field = char.ToLowerInvariant(nameof(ChangeBatchMessage.SignedBatch)[0]) + nameof(ChangeBatchMessage.SignedBatch)[1..];
        var batch = schemas["batch"]["properties"][field];

        Assert.That(schemas["envelope"]["properties"]["messageType"]["contains"]["const"].ToString(), Is.EqualTo(MessageUrn.ForTypeString<ChangeBatchMessage>()));
        Assert.That(batch["contentMediaType"].ToString(), Does.Contain($"\"{Wire.SignedChangeBatch.Descriptor.FullName}\""));
        Assert.That(batch["description"].ToString(), Does.Contain(string.Join(", ", Wire.SignedChangeBatch.Descriptor.Fields.InFieldNumberOrder().Select(f => f.Name)))
            .And.Contain($"{WireLimits.BatchBytesMax >> 20} MiB").And.Contain(WireLimits.BatchChangesMax.ToString("N0", CultureInfo.InvariantCulture)));
    }

    [Test]
    public void Limits_InTheDocument_AreTheDefaults()
    {
        var (options, queue) = (new BusOptions(), _document["channels"]["indexQueue"]["description"].ToString());

        Assert.That(queue, Does.Contain($"x-delivery-limit {options.DeliveriesMax},").And.Contain($"x-max-length-bytes {options.QueueBytesMax} "));
    }

    private static YamlNode Load()
    {
        var yaml = new YamlStream();
        using var text = new StringReader(Repository.Read("docs/asyncapi.yaml"));
        yaml.Load(text);
        return yaml.Documents[0].RootNode;
    }
}

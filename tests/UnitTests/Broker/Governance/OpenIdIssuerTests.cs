using System.Net;
using System.Security.Cryptography;
using DataExchange.Testing;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Governance;

/// <summary>A hub that finds its issuer's keys by OpenID Connect discovery, from a server that answers as an issuer does.</summary>
[TestFixture]
public sealed class OpenIdIssuerTests
{
    private readonly RSA _key = RSA.Create(2048);
    private readonly int _port = FreePort.Next();
    private WebApplication _issuer = null!;
    private GovernanceHub _hub = null!;

    private string Address => $"http://127.0.0.1:{_port}/realm";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, _port));
        _issuer = builder.Build();
        var key = JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(_key.ExportParameters(false)) { KeyId = "k1" });
        _issuer.MapGet("/realm/.well-known/openid-configuration", () => Results.Json(new Dictionary<string, object> { ["issuer"] = Address, ["jwks_uri"] = $"{Address}/keys" }));
        _issuer.MapGet("/realm/keys", () => Results.Json(new { keys = new[] { new { kty = key.Kty, kid = key.Kid, n = key.N, e = key.E, alg = "RS256", use = "sig" } } }));
        await _issuer.StartAsync();
        _hub = await GovernanceHub.StartAsync($"--Persons:Issuer={Address}", "--Persons:DevelopmentKeyPath=");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _hub.DisposeAsync();
        await _issuer.DisposeAsync();
        _key.Dispose();
    }

    [Test]
    public async Task Token_OfTheIssuer_SignsItsPersonIn()
    {
        var list = await _hub.Connect(GovernanceHub.Tax, Sign(Address, "dataexchange")).ListProposalsAsync(new());

        Assert.That(list.Proposals, Is.Empty);
    }

    [TestCase("https://other.example", "dataexchange")]
    [TestCase(null, "another-audience")]
    public void Token_OfAnotherIssuerOrForAnother_IsRefused(string? issuer, string audience)
    {
        var refusal = Assert.Throws<RpcException>(() => _hub.Connect(GovernanceHub.Tax, Sign(issuer ?? Address, audience)).ListProposals(new()));

        Assert.That(refusal!.GetRpcStatus()!.GetDetail<Google.Rpc.ErrorInfo>()!.Reason, Is.EqualTo("TOKEN_REFUSED"));
    }

    private string Sign(string issuer, string audience) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = issuer,
        Audience = audience,
        IssuedAt = TimeProvider.System.GetUtcNow().UtcDateTime,
        Expires = TimeProvider.System.GetUtcNow().AddHours(1).UtcDateTime,
        Claims = new Dictionary<string, object> { ["sub"] = "ann", ["role"] = "manage" },
        SigningCredentials = new SigningCredentials(new RsaSecurityKey(_key) { KeyId = "k1" }, SecurityAlgorithms.RsaSha256),
    });
}

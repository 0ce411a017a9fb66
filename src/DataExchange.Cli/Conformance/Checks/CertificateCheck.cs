using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DataExchange.Hosting;
using Grpc.Core;

namespace DataExchange.Cli.Conformance.Checks;

/// <summary>Who is let in, and who is not.</summary>
internal sealed class CertificateCheck(VerifyConfig config, TlsCredentials hub, AdapterCalls calls, Verdicts verdicts)
{
    private readonly List<(ConformanceRule Rule, bool? Opened, string Seen, string About)> _tried = [];

    public async Task RunAsync(CancellationToken stop)
    {
        var knock = new Knock(config, stop);
        await knock.ReachAsync();
        await ProveAsync(stop);

        await RefuseAsync(knock, ConformanceRules.NoCertificate, certificate: null);
        using (var foreign = Foreign(hub.Certificate))
            await RefuseAsync(knock, ConformanceRules.ForeignRoot, foreign);
        if (config.Expired is { } expired)
            await RefuseAsync(knock, ConformanceRules.ExpiredCertificate, expired);
        else
            verdicts.Skip(ConformanceRules.ExpiredCertificate, "the file names no expired certificate", "Have the exchange's authority issue one for the hub's name that has ended, and name it in expired.");
        foreach (var other in config.Others)
            await RefuseAsync(knock, ConformanceRules.OtherCaller, other, Path.GetFileName(other.Certificate));
        if (config.Others.Count == 0)
            verdicts.Skip(ConformanceRules.OtherCaller, "the file names no other certificate", "Name certificates of the exchange in others, as the department's own.");
        _tried.Add((ConformanceRules.OldProtocol, await knock.IsTls12TakenAsync(hub.Certificate), "a handshake of TLS 1.2 was completed", ""));
        Judge(verdicts.IsHeld(ConformanceRules.HubLetIn) && (await calls.TryDescribeAsync(stop, AdapterCalls.FirstPatience)).IsOk);
    }

    /// <param name="hubAnswered">Before and after: a port that is shut to everybody refuses nobody.</param>
    private void Judge(bool hubAnswered)
    {
        foreach (var (rule, opened, seen, about) in _tried)
        {
            if (opened == true)
                verdicts.Break(rule, seen, about);
            else if (!hubAnswered)
                verdicts.Skip(rule, "the hub itself is not answered, before or after", "Have the adapter answer the hub first, and run the kit again.", about);
            else if (opened == false)
                verdicts.Hold(rule, about);
            else
                verdicts.Skip(rule, "it was neither refused nor answered", "Have the adapter refuse at the handshake, or with UNAUTHENTICATED or PERMISSION_DENIED before it looks at the call.", about);
        }
    }

    /// <summary>Both sides of the one handshake that has to work.</summary>
    private async Task ProveAsync(CancellationToken stop)
    {
        var answer = await calls.TryDescribeAsync(stop, AdapterCalls.FirstPatience);
        if (answer.IsOk)
        {
            verdicts.Hold(ConformanceRules.ServerIdentity);
            verdicts.Hold(ConformanceRules.HubLetIn);
            return;
        }

        var presented = await new Knock(config, stop).PresentedAsync(hub.Certificate);
        if (presented is not null && !await IsTheDepartmentAsync(stop))
            verdicts.Break(ConformanceRules.ServerIdentity, "the certificate that it presents is not that of the department, does not come from the exchange's root, or has a key that is not registered");
        else if (answer.Status is StatusCode.PermissionDenied or StatusCode.Unauthenticated or StatusCode.Unavailable or StatusCode.Internal)
            verdicts.Break(ConformanceRules.HubLetIn, $"with the hub's certificate, {answer.Told}");
        else
            verdicts.Break(answer.Status == StatusCode.DeadlineExceeded ? ConformanceRules.NotHanging : ConformanceRules.Answered, $"with the hub's certificate, {answer.Told}", "Describe");
    }

    /// <summary>As the hub's own client decides it, at a handshake.</summary>
    private async Task<bool> IsTheDepartmentAsync(CancellationToken stop)
    {
        using var batches = new Broker.Ingest.BatchCheck(config.Catalogue);
        var knows = false;
        using var handler = MutualTlsClient.Handler(hub, new ExpectedPeer(PeerRole.Department, config.Department.Value) { Keys = batches.Keys });
        var usual = handler.SslOptions.RemoteCertificateValidationCallback!;
        handler.SslOptions.RemoteCertificateValidationCallback = (sender, certificate, chain, errors) => knows = usual(sender, certificate, chain, errors);
        using var late = CancellationTokenSource.CreateLinkedTokenSource(stop);
        late.CancelAfter(Knock.Patience);
        using var client = new HttpMessageInvoker(handler, disposeHandler: false);
        using var request = new HttpRequestMessage(HttpMethod.Get, config.Address) { Version = new Version(2, 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        try
        {
            using var response = await client.SendAsync(request, late.Token);
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException && !stop.IsCancellationRequested)
        {
            // What counts was seen at the handshake.
        }

        return knows;
    }

    private async Task RefuseAsync(Knock knock, ConformanceRule rule, CertificateFiles files, string about = "")
    {
        using var certificate = Load(files);
        await RefuseAsync(knock, rule, certificate, about);
    }

    private async Task RefuseAsync(Knock knock, ConformanceRule rule, X509Certificate2? certificate, string about = "") =>
        _tried.Add((rule, await knock.IsAnsweredAsync(certificate), "Describe was answered", about));

    private static X509Certificate2 Load(CertificateFiles files)
    {
        try
        {
            return X509Certificate2.CreateFromPem(File.ReadAllText(files.Certificate), PrivateFile.ReadAllText(files.Key, "key of a certificate"));
        }
        catch (Exception broken) when (broken is CryptographicException or InvalidOperationException or ArgumentException)
        {
            throw new UsageException($"{files.Certificate} cannot be used: {broken.Message}");
        }
    }

    /// <summary>The hub's certificate in everything but who issued it, and so in its key.</summary>
    private static X509Certificate2 Foreign(X509Certificate2 hub)
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var issuer = new CertificateRequest(hub.IssuerName, rootKey, HashAlgorithmName.SHA256);
        issuer.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        using var root = issuer.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(hub.SubjectName, key, HashAlgorithmName.SHA256);
        foreach (var extension in hub.Extensions.Where(extension => extension is not X509AuthorityKeyIdentifierExtension))
            request.CertificateExtensions.Add(extension);
        using var bare = request.Create(root, now.AddHours(-1), now.AddHours(1), RandomNumberGenerator.GetBytes(16));
        return bare.CopyWithPrivateKey(key);
    }
}

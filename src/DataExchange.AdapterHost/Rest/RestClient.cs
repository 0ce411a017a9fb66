using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using DataExchange.AdapterHost.Configuration;
using DataExchange.AdapterHost.Sources;
using DataExchange.Hosting;

namespace DataExchange.AdapterHost.Rest;

/// <summary>A page as the service answered it. Null where it is as the ETag says.</summary>
internal sealed record RestPage(JsonDocument Json, string? ETag) : IDisposable
{
    public void Dispose() => Json.Dispose();
}

/// <summary>Fetches pages of one service, and follows it nowhere else. Not thread safe.</summary>
internal sealed class RestClient(RestConfig config) : IDisposable
{
    private readonly HttpClient _http = new(Handler(config)) { Timeout = config.Timeout, MaxResponseContentBufferSize = config.PageBytesMax };

    /// <param name="knownETag">The page is not wanted where it still has this one.</param>
    /// <exception cref="SourceStoppedException">Anything but a page of JSON.</exception>
    public async Task<RestPage?> GetAsync(Uri address, string? knownETag, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Accept.ParseAdd("application/json");
        if (knownETag is not null)
            request.Headers.TryAddWithoutValidation("If-None-Match", knownETag);
        // Read each time: a token that was renewed needs no restart.
        if (config.AuthorizationPath is { } path)
            request.Headers.TryAddWithoutValidation("Authorization", PrivateFile.ReadAllText(path, "file of authorization_path").Trim());
        try
        {
            using var response = await _http.SendAsync(request, cancellationToken);
            if (response.StatusCode == HttpStatusCode.NotModified && knownETag is not null)
                return null;
            if (response.StatusCode != HttpStatusCode.OK)
                throw new SourceStoppedException($"the service answered {(int)response.StatusCode}");
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            return new RestPage(JsonDocument.Parse(body), response.Headers.ETag?.ToString());
        }
        catch (JsonException)
        {
            throw new SourceStoppedException("the service answered with something else than JSON");
        }
        catch (HttpRequestException failed)
        {
            throw new SourceStoppedException($"the service cannot be reached, or its page is over page_bytes_max ({failed.HttpRequestError})");
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SourceStoppedException($"the service took longer than {config.Timeout}");
        }
    }

    public void Dispose() => _http.Dispose();

    private static SocketsHttpHandler Handler(RestConfig config)
    {
        // A redirect could lead the Authorization header elsewhere.
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) };
        if (config.RootPath is null)
            return handler;
        var roots = new X509Certificate2Collection();
        roots.ImportFromPemFile(config.RootPath);
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(roots);
        handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        return handler;
    }
}

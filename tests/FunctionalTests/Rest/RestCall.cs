using System.Net;
using System.Net.Http.Headers;
using System.Text;
using DataExchange.Hosting;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Rpc;

namespace DataExchange.FunctionalTests.Rest;

/// <param name="Text">The body, whole.</param>
/// <param name="Headers">Of answer and content, as text, for searching.</param>
internal sealed record RestAnswer(HttpStatusCode Code, string Text, string Headers)
{
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithTypeRegistry(
        TypeRegistry.FromMessages(ErrorInfo.Descriptor, BadRequest.Descriptor, RetryInfo.Descriptor)));

    public T Read<T>()
        where T : IMessage, new() => Parser.Parse<T>(Text);

    /// <summary>What a streaming method answers: one JSON object a line.</summary>
    public List<T> ReadLines<T>()
        where T : IMessage, new() => [.. Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parser.Parse<T>)];

    public string Reason => Read<Google.Rpc.Status>().GetDetail<ErrorInfo>()?.Reason ?? "";
}

/// <summary>The JSON face as one department.</summary>
internal sealed class RestCall : IDisposable
{
    private readonly TlsCredentials _credentials;
    private readonly HttpClient _client;

    public RestCall(Uri address, TlsOptions identity)
    {
        _credentials = TlsCredentials.Load(identity);
        _client = new HttpClient(MutualTlsClient.Handler(_credentials, new ExpectedPeer(PeerRole.Hub))) { BaseAddress = address };
    }

    /// <summary>HTTP/1.1 unless set.</summary>
    public Version Version { get; init; } = HttpVersion.Version11;

    public Task<RestAnswer> PostAsync(string path, IMessage message) => PostAsync(path, JsonFormatter.Default.Format(message));

    public Task<RestAnswer> PostAsync(string path, string body, string contentType = "application/json") => SendAsync(new(HttpMethod.Post, path)
    {
        Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = MediaTypeHeaderValue.Parse(contentType) } },
    });

    public Task<RestAnswer> GetAsync(string path) => SendAsync(new(HttpMethod.Get, path));

    public async Task<RestAnswer> SendAsync(HttpRequestMessage request)
    {
        using (request)
        {
            (request.Version, request.VersionPolicy) = (Version, HttpVersionPolicy.RequestVersionExact);
            using var response = await _client.SendAsync(request);
            return new(response.StatusCode, await response.Content.ReadAsStringAsync(), $"{response.Headers}{response.Content.Headers}");
        }
    }

    public void Dispose()
    {
        _client.Dispose();
        _credentials.Dispose();
    }
}

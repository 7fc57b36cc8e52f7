using System.Net;
using System.Text.Json.Nodes;
using EDA.Host.View;

namespace EDA.Tests.Host.View;

/// <summary>A web view over some folders, and one who asks it as a browser would that has its cookie.</summary>
internal sealed class ViewClient : IAsyncDisposable
{
    private readonly ViewServer _server;
    private readonly string _cookie;

    private ViewClient(ViewServer server)
    {
        _server = server;
        _cookie = $"eda-view-{server.Address.Port}={server.Address.Query.Split('=')[1]}";
    }

    public Uri Address => _server.Address;

    public HttpClient Http { get; } = new(new HttpClientHandler { UseCookies = false, AllowAutoRedirect = false });

    public static async Task<ViewClient> OpenAsync(params string[] folders) => new(await ViewServer.StartAsync(folders));

    /// <summary>Asks with the cookie.</summary>
    public Task<HttpResponseMessage> AskAsync(string path, params (string Name, string Value)[] headers) => AskAsync(HttpMethod.Get, path, null, [("Cookie", _cookie), .. headers]);

    /// <summary>Asks with these headers and no other.</summary>
    public async Task<HttpResponseMessage> AskAsync(HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        // As it stands: what a client would tidy up is asked for untidied.
        using var request = new HttpRequestMessage(method, new Uri($"http://127.0.0.1:{Address.Port}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true })) { Content = content };
        foreach (var (name, value) in headers)
        {
            if (name == "Host")
                request.Headers.Host = value;
            else
                Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        return await Http.SendAsync(request);
    }

    public Task<HttpResponseMessage> ReportAsync(params string[] ids) => AskAsync(HttpMethod.Post, "/report", new FormUrlEncodedContent([new("runs", string.Join(',', ids))]), ("Cookie", _cookie));

    public async Task<string> TextAsync(string path)
    {
        using var answer = await AskAsync(path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }

    public async Task<JsonObject> ListAsync() => JsonNode.Parse(await TextAsync("/runs.json"))!.AsObject();

    /// <summary>A row of the list, by the end of its folder's name.</summary>
    public async Task<JsonObject> RowAsync(string folder) =>
        (await ListAsync())["rows"]!.AsArray().Select(row => row!.AsObject()).Single(row => row["folder"]!.GetValue<string>().EndsWith('/' + folder, StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _server.DisposeAsync();
    }
}

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using EDA.Engine.Files;
using EDA.Host.CommandLine;
using EDA.Host.View;
using EDA.Tests.Experiments;

namespace EDA.Tests.Host.View;

/// <summary>What the web view answers, to whom, and from which files.</summary>
public sealed class ViewServerTests : IDisposable
{
    private const string Metrics = "stage,step,name,value\nbehavior,100,loss,0.5\nbehavior,200,loss,0.4\n";

    private readonly SyntheticRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Theory]
    [InlineData("/")]
    [InlineData("/runs.json")]
    [InlineData("/view.js")]
    [InlineData("/?token=")]
    [InlineData("/?token=00000000000000000000000000000000")]
    public async Task Who_lacks_the_token_gets_nothing(string path)
    {
        await using var view = await ViewClient.OpenAsync(_runs.Folder);
        using var answer = await view.AskAsync(HttpMethod.Get, path, null);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.DoesNotContain(_runs.Folder, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.False(answer.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task The_address_leaves_a_cookie_that_no_script_and_no_other_page_gets()
    {
        await using var view = await ViewClient.OpenAsync(_runs.Folder);
        Assert.Equal("127.0.0.1", view.Address.Host);
        using var answer = await view.AskAsync(HttpMethod.Get, view.Address.PathAndQuery, null);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        string cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("default-src 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        using var next = await view.AskAsync(HttpMethod.Get, "/runs.json", null, ("Cookie", cookie.Split(';')[0]));
        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
    }

    [Theory]
    [InlineData("Host", "evil.example", HttpStatusCode.Forbidden)]
    [InlineData("Host", "evil.example:PORT", HttpStatusCode.Forbidden)]
    [InlineData("Host", "192.168.0.7:PORT", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "http://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "http://127.0.0.1:1", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "null", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "cross-site", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "same-site", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "same-origin", HttpStatusCode.OK)]
    [InlineData("Origin", "http://127.0.0.1:PORT", HttpStatusCode.OK)]
    [InlineData("Host", "127.0.0.1:PORT", HttpStatusCode.OK)]
    public async Task Pages_of_other_hosts_get_nothing_though_the_browser_sends_the_cookie(string header, string value, HttpStatusCode expected)
    {
        await using var view = await ViewClient.OpenAsync(_runs.Folder);
        using var answer = await view.AskAsync("/runs.json", (header, value.Replace("PORT", view.Address.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)));
        Assert.Equal(expected, answer.StatusCode);
    }

    [Fact]
    public async Task Nothing_outside_the_folders_is_served()
    {
        _runs.Add("inside/a", SyntheticRuns.Hopper, 0, 1, 50);
        _runs.Add("outside/b", SyntheticRuns.Hopper, 1, 1, 60);
        Directory.CreateDirectory(_runs.At("inside/a/figures"));
        _runs.Write("inside/a/figures/fine.svg", "<svg/>");
        _runs.Write("outside/secret.svg", "secret");
        File.CreateSymbolicLink(_runs.At("inside/a/figures/linked.svg"), _runs.At("outside/secret.svg"));
        File.CreateSymbolicLink(_runs.At("inside/a/index.html"), _runs.At("outside/secret.svg"));
        Directory.CreateSymbolicLink(_runs.At("inside/linked"), _runs.At("outside"));
        await using var view = await ViewClient.OpenAsync(_runs.At("inside"));
        string id = Assert.Single((await view.ListAsync())["rows"]!.AsArray())!["id"]!.GetValue<string>();
        Assert.Equal("<svg/>", await view.TextAsync($"/run/{id}/figure/fine"));
        foreach (string path in (string[])
                 [
                     $"/run/{id}/figure/linked", $"/run/{id}/page", $"/run/{id}/figure/..%2f..%2f..%2foutside%2fsecret", $"/run/{id}/figure/../config",
                     "/run/..%2foutside%2fb", "/run/../../../../etc/passwd", "/etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", $"/run/{Uri.EscapeDataString(_runs.At("outside/b"))}",
                 ])
        {
            using var answer = await view.AskAsync(path);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            Assert.DoesNotContain("secret", (await answer.Content.ReadAsStringAsync()).Replace(path, string.Empty, StringComparison.Ordinal).Replace("..%2foutside%2fsecret", string.Empty, StringComparison.Ordinal).Replace("../outside/secret", string.Empty, StringComparison.Ordinal), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_lies_in_a_run_acts_in_a_sandbox()
    {
        _runs.Add("a", SyntheticRuns.Hopper, 0, 1, 50);
        _runs.Write("a/index.html", "<script>fetch('/runs.json')</script>");
        await using var view = await ViewClient.OpenAsync(_runs.Folder);
        using var answer = await view.AskAsync($"/run/{(await view.RowAsync("a"))["id"]}/page");
        string policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("sandbox allow-scripts;", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("connect-src", policy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_run_says_how_far_it_is_and_a_broken_folder_is_one_row_with_its_reason()
    {
        _runs.Add("finished", SyntheticRuns.Hopper, 0, 1, 50);
        _runs.Add("failed", SyntheticRuns.Hopper, 1, 1, 50, result: result => result["error"] = "alignment diverged at step 7");
        _runs.Add("interrupted", SyntheticRuns.Hopper, 2, 1, 50, result: result => (result["interrupted"], result["scores"]) = (true, null));
        _runs.Add("running", SyntheticRuns.Hopper, 3, 2, 50, config => config["behavior"] = new JsonObject { ["steps"] = 1000 });
        File.Delete(_runs.At("running/result.json"));
        _runs.Write("running/metrics.csv", Metrics + "behavior,300,loss,0.3");
        _runs.Add("broken", SyntheticRuns.Hopper, 4, 1, 50);
        _runs.Write("broken/config.json", "{\"recipe\": \"hop");
        _runs.Add("odd", SyntheticRuns.Hopper, 5, 1, 50);
        _runs.Write("odd/result.json", "[]");
        using var held = FolderLock.Take(_runs.At("running"));
        await using var view = await ViewClient.OpenAsync(_runs.Folder);
        var rows = (await view.ListAsync())["rows"]!.AsArray().ToDictionary(row => Path.GetFileName(row!["folder"]!.GetValue<string>()), row => row!.AsObject());
        Assert.Equal(["broken", "failed", "finished", "interrupted", "odd", "running"], rows.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(("finished", 50.0, "policy", 0), (Word("finished", "state"), rows["finished"]["score"]!.GetValue<double>(), Word("finished", "scoreName"), rows["finished"]["seed"]!.GetValue<int>()));
        Assert.Equal(("failed", "alignment diverged at step 7"), (Word("failed", "state"), Word("failed", "reason")));
        Assert.Equal(("stopped", "interrupted"), (Word("interrupted", "state"), Word("interrupted", "reason")));
        // The row that is not whole yet is not looked at.
        Assert.Equal(("running", "behavior", 0.2), (Word("running", "state"), Word("running", "stage"), rows["running"]["progress"]!.GetValue<double>()));
        Assert.Equal(("broken", "config.json: is no whole JSON document"), (Word("broken", "state"), Word("broken", "reason")));
        Assert.Equal("broken", Word("odd", "state"));
        Assert.StartsWith("result.json: ", Word("odd", "reason"), StringComparison.Ordinal);
        Assert.Equal("2", rows["running"]["settings"]!["alignment.temperature"]!.GetValue<string>());
        foreach (var row in rows.Values)
        {
            using var page = await view.AskAsync($"/run/{row["id"]}");
            Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        }

        string Word(string name, string key) => rows[name][key]!.GetValue<string>();
    }

    [Fact]
    public async Task A_page_grows_with_what_is_measured_and_is_sent_again_only_then()
    {
        _runs.Add("a", SyntheticRuns.Hopper, 0, 1, 50, config => config["behavior"] = new JsonObject { ["steps"] = 1000 });
        File.Delete(_runs.At("a/result.json"));
        _runs.Write("a/metrics.csv", Metrics);
        await using var view = await ViewClient.OpenAsync(_runs.Folder);
        string parts = $"/run/{(await view.RowAsync("a"))["id"]}/parts";
        using var first = await view.AskAsync(parts);
        using var second = await view.AskAsync(parts, ("If-None-Match", first.Headers.ETag!.Tag));
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        File.AppendAllText(_runs.At("a/metrics.csv"), "behavior,300,loss,0.35\n");
        using var third = await view.AskAsync(parts, ("If-None-Match", first.Headers.ETag!.Tag));
        Assert.Equal(HttpStatusCode.OK, third.StatusCode);
        Assert.Contains("step 300 of 1,000", await third.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Curves_of_several_runs_are_laid_over_each_other()
    {
        foreach (string name in (string[])["a", "b"])
        {
            _runs.Add(name, SyntheticRuns.Hopper, name[0], 1, 50);
            _runs.Write(name + "/metrics.csv", Metrics);
        }

        await using var view = await ViewClient.OpenAsync(_runs.Folder);
        string page = await view.TextAsync($"/compare?runs={(await view.RowAsync("a"))["id"]},{(await view.RowAsync("b"))["id"]}");
        string figure = page[page.IndexOf("data-part=\"curves\"", StringComparison.Ordinal)..];
        Assert.All((string[])["rgb(49,104,142)", "rgb(199,125,10)"], color => Assert.Contains(color, figure, StringComparison.OrdinalIgnoreCase));
        using var none = await view.AskAsync("/compare?runs=");
        Assert.Equal(HttpStatusCode.Conflict, none.StatusCode);
    }

    [Fact]
    public async Task A_report_of_chosen_runs_is_a_click_and_leaves_no_file()
    {
        foreach (int seed in (int[])[0, 1, 2])
            _runs.Add($"a{seed}", SyntheticRuns.Hopper, seed, 1, 50 + seed);
        var before = _runs.Files(".");
        await using var view = await ViewClient.OpenAsync(_runs.Folder);
        string[] ids = [(await view.RowAsync("a0"))["id"]!.GetValue<string>(), (await view.RowAsync("a2"))["id"]!.GetValue<string>()];
        using var report = await view.ReportAsync(ids);
        Assert.Equal(HttpStatusCode.OK, report.StatusCode);
        Assert.Contains("2 runs of 1 task", await report.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var unknown = await view.ReportAsync("nothing");
        Assert.Equal(HttpStatusCode.Conflict, unknown.StatusCode);
        using var asked = await view.AskAsync("/report");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, asked.StatusCode);
        Assert.Equal(before, _runs.Files("."));
    }

    [Fact]
    public async Task A_thousand_runs_are_all_there()
    {
        for (int seed = 0; seed < 1000; seed++)
            _runs.Add($"many/{seed}", SyntheticRuns.Walker, seed, 1 + (seed % 3), seed);
        await using var view = await ViewClient.OpenAsync(_runs.Folder);
        var list = await view.ListAsync();
        Assert.Equal(1000, list["rows"]!.AsArray().Count);
        Assert.Equal("alignment.temperature", Assert.Single(list["columns"]!.AsArray())!.GetValue<string>());
    }

    [Fact]
    public async Task A_port_that_is_taken_and_a_folder_that_is_not_there_are_refused()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var refused = await Assert.ThrowsAsync<UserError>(() => ViewServer.StartAsync([_runs.Folder], port));
        Assert.Equal($"--port is '{port}'; allowed is a port that nothing listens on; 0 for any", refused.Message);
        var result = EdaProcess.Run(_runs.Folder, "view", "nowhere");
        Assert.Equal(2, result.Status);
        Assert.Equal("eda: FOLDER is 'nowhere'; allowed is a folder that exists, with runs or sweeps below it", Assert.Single(result.ErrorLines));
        result = EdaProcess.Run(_runs.Folder, "view", ".", "--port", "70000");
        Assert.Equal("eda: --port is '70000'; allowed is a whole number from 0 to 65535", Assert.Single(result.ErrorLines));
    }
}

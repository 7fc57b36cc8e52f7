using System.Text.RegularExpressions;
using EDA.Engine.Files;
using EDA.Host.View;
using EDA.Tests.Experiments;
using static Microsoft.Playwright.Assertions;

namespace EDA.Tests.Host.View;

/// <summary>The web view in a real browser.</summary>
[Trait("speed", "slow")]
public sealed partial class BrowserTests : IDisposable
{
    private readonly SyntheticRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [OptionalFact(OptionalNeeds.Browser)]
    public async Task A_run_that_is_started_beside_it_appears_and_grows_without_a_reload()
    {
        await using var server = await ViewServer.StartAsync([_runs.Folder]);
        await using var browser = await Browser.OpenAsync();
        await browser.Page.GotoAsync(server.Address.ToString());
        await Expect(browser.Page.Locator("#count")).ToHaveTextAsync("0 runs");
        Assert.DoesNotContain("token", browser.Page.Url, StringComparison.Ordinal);
        await browser.Page.EvaluateAsync("window.notReloaded = true");

        using var run = EdaProcess.Start(_runs.Folder, "run", "bandit-8gaussians", "--budget", "smoke", "--set", "behavior.steps=3000", "--out", "watched");
        var row = browser.Page.Locator("#runs tbody tr");
        await Expect(row).ToHaveCountAsync(1, new() { Timeout = 60_000 });
        await Expect(row).ToContainTextAsync("running", new() { Timeout = 60_000 });
        await row.Locator("a").ClickAsync();
        await browser.Page.EvaluateAsync("window.notReloaded = true");
        await Expect(browser.Page.Locator("[data-part=curves] svg").First).ToBeVisibleAsync(new() { Timeout = 60_000 });
        long before = await StepAsync(browser);
        await Expect(browser.Page.Locator("[data-part=state]")).Not.ToContainTextAsync($"step {before:#,0} of", new() { Timeout = 60_000 });
        Assert.True(await StepAsync(browser) > before);
        var finished = EdaProcess.Finish(run);
        Assert.Equal(0, finished.Status);
        await Expect(browser.Page.Locator("[data-part=state]")).ToContainTextAsync("finished", new() { Timeout = 60_000 });
        await Expect(browser.Page.Locator("[data-part=numbers]")).ToContainTextAsync("q_correlation");
        await Expect(browser.Page.Locator("[data-part=figures] img")).ToHaveCountAsync(2);
        Assert.True(await browser.Page.EvaluateAsync<bool>("window.notReloaded === true"));
        await browser.RequireSoundAsync();
        await browser.KeepPictureAsync("run");
    }

    [OptionalTheory(OptionalNeeds.Browser)]
    [InlineData(1200, false)]
    [InlineData(1200, true)]
    [InlineData(390, false)]
    public async Task The_list_sorts_filters_and_obeys_the_keyboard(int width, bool dark)
    {
        foreach (int seed in (int[])[0, 1, 2])
        {
            _runs.Add($"hopper{seed}", SyntheticRuns.Hopper, seed, seed == 2 ? 0.5 : 1, 50 + seed);
            _runs.Write($"hopper{seed}/metrics.csv", "stage,step,name,value\nbehavior,100,loss,0.5\nbehavior,200,loss,0.4\n");
        }

        _runs.Add("walker", SyntheticRuns.Walker, 0, 1, 20);
        _runs.Add("broken", SyntheticRuns.Walker, 1, 1, 20);
        _runs.Write("broken/config.json", "{");
        using var held = FolderLock.Take(_runs.At("walker"));
        await using var server = await ViewServer.StartAsync([_runs.Folder]);
        await using var browser = await Browser.OpenAsync(width, dark);
        var page = browser.Page;
        await page.GotoAsync(server.Address.ToString());
        var rows = page.Locator("#runs tbody tr");
        await Expect(rows).ToHaveCountAsync(5);
        await Expect(rows.Filter(new() { HasText = "broken" })).ToContainTextAsync("config.json: is no whole JSON document");

        await page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "score", Exact = true }).ClickAsync();
        await Expect(rows.First).ToContainTextAsync("hopper2");
        await page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "score ▾" }).ClickAsync();
        await Expect(rows.First).ToContainTextAsync("walker");

        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("hopper temperature=1");
        await Expect(rows).ToHaveCountAsync(2);
        await Expect(page.Locator("#count")).ToHaveTextAsync("2 of 5 runs");
        await page.Keyboard.PressAsync("ArrowDown");
        await page.Keyboard.PressAsync("x");
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("x");
        await Expect(page.Locator("#count")).ToHaveTextAsync("2 of 5 runs, 2 chosen");
        await browser.RequireSoundAsync();
        await browser.KeepPictureAsync($"list-{width}{(dark ? "-dark" : string.Empty)}");

        var report = await page.RunAndWaitForPopupAsync(() => page.Keyboard.PressAsync("r"));
        await Expect(report.Locator("h1")).ToContainTextAsync("Report");
        await report.CloseAsync();
        await page.Keyboard.PressAsync("c");
        await Expect(page.Locator("h1")).ToHaveTextAsync("Curves");
        await Expect(page.Locator("[data-part=runs] tbody tr")).ToHaveCountAsync(2);
        await Expect(page.Locator("[data-part=curves] figure")).ToHaveCountAsync(1);
        await browser.RequireSoundAsync();
        await browser.KeepPictureAsync($"compare-{width}{(dark ? "-dark" : string.Empty)}");

        await page.GoBackAsync();
        await Expect(page.Locator("#filter")).ToHaveValueAsync("hopper temperature=1");
        await page.SelectOptionAsync("#state", "running");
        await page.Locator("#filter").FillAsync(string.Empty);
        await Expect(rows).ToHaveCountAsync(1);
        await Expect(rows.First).ToContainTextAsync("walker");
        await rows.First.Locator("a").FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("[data-part=state]")).ToContainTextAsync("running");
        await browser.RequireSoundAsync();
        Assert.False(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth > document.documentElement.clientWidth"));
    }

    [OptionalFact(OptionalNeeds.Browser)]
    public async Task A_sweep_shows_its_stages_and_when_the_server_has_gone_the_page_says_so()
    {
        var sweep = EdaProcess.Run(_runs.Folder, "sweep", "bandit-8gaussians", "--budget", "smoke", "--grid", "alignment.temperature=1,2", "--set", "behavior.steps=40", "--set", "alignment.steps=20", "--out", "swept");
        Assert.Equal(0, sweep.Status);
        var server = await ViewServer.StartAsync([_runs.Folder]);
        await using var browser = await Browser.OpenAsync();
        var page = browser.Page;
        await page.GotoAsync(server.Address.ToString());
        await Expect(page.Locator("#sweeps")).ToContainTextAsync("5 done");
        await Expect(page.Locator("#runs tbody tr")).ToHaveCountAsync(2);
        await page.Locator("#sweeps a").ClickAsync();
        await Expect(page.Locator("[data-part=stages]")).ToContainTextAsync("evaluate");
        await page.GetByText("Its runs in the list").ClickAsync();
        await Expect(page.Locator("#runs tbody tr")).ToHaveCountAsync(2);
        await browser.RequireSoundAsync();
        await browser.KeepPictureAsync("sweep");
        await server.DisposeAsync();
        await Expect(page.Locator("#connection")).ToContainTextAsync("is eda view still running?");
    }

    [OptionalFact(OptionalNeeds.Browser)]
    public async Task Rollouts_play_in_the_view_and_on_the_runs_own_page()
    {
        var run = EdaProcess.Run(_runs.Folder, "run", "pointmaze-umaze", "--budget", "smoke", "--out", "maze");
        Assert.Equal((0, string.Empty), (run.Status, run.Error));
        await using var server = await ViewServer.StartAsync([_runs.Folder]);
        await using var browser = await Browser.OpenAsync(dark: true);
        var page = browser.Page;
        await page.GotoAsync(server.Address.ToString());
        await page.Locator("#runs tbody a").ClickAsync();
        await PlayAsync();
        await Expect(page.Locator("[data-part=figures] img")).ToHaveCountAsync(2);
        await browser.RequireSoundAsync();
        await browser.KeepPictureAsync("rollouts-dark");

        // The page is one file, which needs no server.
        await page.GotoAsync(new Uri(_runs.At("maze/index.html")).ToString());
        await PlayAsync();
        Assert.InRange(new FileInfo(_runs.At("maze/index.html")).Length, 1, 2_000_000);
        Assert.DoesNotContain(browser.Faults, fault => !fault.Contains("file://", StringComparison.Ordinal));

        async Task PlayAsync()
        {
            var rollouts = page.Locator("section.rollouts");
            await Expect(rollouts.Locator("canvas").First).ToBeVisibleAsync();
            var slider = rollouts.Locator("input[type=range]");
            string before = await slider.InputValueAsync();
            await rollouts.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "Play" }).ClickAsync();
            await Expect(slider).Not.ToHaveValueAsync(before);
        }
    }

    private static async Task<long> StepAsync(Browser browser)
    {
        string text = await browser.Page.Locator("[data-part=state]").InnerTextAsync();
        return Step().Match(text) is { Success: true } match ? long.Parse(match.Groups[1].Value.Replace(",", string.Empty, StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture) : 0;
    }

    [GeneratedRegex("step ([0-9,]+)")]
    private static partial Regex Step();
}

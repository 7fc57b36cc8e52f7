using System.Collections.Concurrent;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace EDA.Tests.Host.View;

/// <summary>A real browser that looks at the web view, and notes what it must not do: leave the machine, complain, fail.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;
    private readonly ConcurrentQueue<string> _faults = new();

    private Browser(IPlaywright playwright, IBrowser browser, IPage page)
    {
        (_playwright, _browser, Page) = (playwright, browser, page);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                _faults.Enqueue($"console: {message.Text}");
        };
        page.PageError += (_, error) => _faults.Enqueue($"error: {error}");
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith("http://127.0.0.1:", StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal))
                _faults.Enqueue($"request to {request.Url}");
        };
    }

    public IPage Page { get; }

    /// <summary>What went wrong so far.</summary>
    public IReadOnlyCollection<string> Faults => _faults;

    /// <summary>The program, where there is one.</summary>
    public static string? Program { get; } = ((string?[])[Environment.GetEnvironmentVariable("EDA_BROWSER"), "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]).FirstOrDefault(File.Exists);

    public static async Task<Browser> OpenAsync(int width = 1200, bool dark = false)
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Program, Args = ["--no-sandbox", "--disable-gpu"] });
        var page = await browser.NewPageAsync(new() { ViewportSize = new() { Width = width, Height = 900 }, ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light });
        return new(playwright, browser, page);
    }

    /// <summary>Requires that there is no serious fault of accessibility on the page, and nothing else went wrong.</summary>
    public async Task RequireSoundAsync()
    {
        var result = await Page.RunAxe();
        Assert.Empty(result.Violations.Where(fault => fault.Impact is "serious" or "critical").Select(fault => $"{fault.Id}: {fault.Help} ({string.Join("; ", fault.Nodes.Select(node => node.Html))})"));
        Assert.Empty(Faults);
    }

    /// <summary>Keeps a picture of the page where the tests are asked to.</summary>
    public async Task KeepPictureAsync(string name)
    {
        if (Environment.GetEnvironmentVariable("EDA_PICTURES") is { } folder)
            await Page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png"), FullPage = true });
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}

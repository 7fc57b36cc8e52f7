using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using EDA.Host.CommandLine;
using EDA.Host.Experiments.Report;
using EDA.Host.Player;
using EDA.Host.Reports;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EDA.Host.View;

/// <summary>
/// The web view: pages over run and sweep folders, for who sits at this machine and has the token. It listens on 127.0.0.1
/// only and reads; what a request can name is an identity of the catalogue, never a path.
/// </summary>
public sealed class ViewServer : IAsyncDisposable
{
    private const int Replications = 2000;
    private const string Html = "text/html; charset=utf-8";

    private readonly WebApplication _web;
    private readonly RunCatalogue _catalogue;
    private readonly ViewGuard _guard;
    private readonly RunPage _runs;
    private readonly ComparePage _comparison;
    private readonly SweepPage _sweeps;

    private ViewServer(WebApplication web, RunCatalogue catalogue, ViewGuard guard)
    {
        (_web, _catalogue, _guard) = (web, catalogue, guard);
        (_runs, _comparison, _sweeps) = (new RunPage(catalogue), new ComparePage(catalogue), new SweepPage(catalogue));
    }

    /// <summary>The address to open, token included.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>Starts to listen.</summary>
    /// <param name="folders">Run folders, folders of several seeds, sweeps, or folders with such folders at any depth.</param>
    /// <param name="port">The port; 0 for any that is free.</param>
    /// <returns>The server, which listens until it is disposed of.</returns>
    /// <exception cref="UserError">A folder is not there, or the port is taken.</exception>
    public static async Task<ViewServer> StartAsync(IReadOnlyList<string> folders, int port = 0)
    {
        var catalogue = new RunCatalogue(folders);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, EndsWhenTold>();
        var web = builder.Build();
        var server = new ViewServer(web, catalogue, new ViewGuard(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))));
        web.Run(server.AnswerAsync);
        try
        {
            await web.StartAsync().ConfigureAwait(false);
        }
        catch (IOException error) when (error.InnerException is AddressInUseException)
        {
            await web.DisposeAsync().ConfigureAwait(false);
            throw UserError.Value("--port", port.ToString(CultureInfo.InvariantCulture), "a port that nothing listens on; 0 for any");
        }

        // Until a browser is there and asks, the folders have been looked at.
        _ = Task.Run(catalogue.Look);
        server.Address = new Uri($"{web.Urls.First()}/?{ViewGuard.TokenKey}={server._guard.Token}");
        return server;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _web.StopAsync().ConfigureAwait(false);
        await _web.DisposeAsync().ConfigureAwait(false);
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "One page that cannot be made must not end the server.")]
    private async Task AnswerAsync(HttpContext context)
    {
        Answer answer;
        try
        {
            answer = _guard.Refuse(context.Request) is { } reason ? new(StatusCodes.Status403Forbidden, Html, ViewPage.Refusal("Not allowed", reason))
                : context.Request.Path == "/report" ? await ReportAsync(context.Request).ConfigureAwait(false)
                : !HttpMethods.IsGet(context.Request.Method) ? new(StatusCodes.Status405MethodNotAllowed, Html, ViewPage.Refusal("Not allowed", $"{context.Request.Method} is not answered; GET is"))
                : Get(context.Request);
        }
        catch (Exception error) when (RunRow.IsOfTheFolder(error))
        {
            answer = new(StatusCodes.Status409Conflict, Html, ViewPage.Refusal("This cannot be shown", RunRow.Why(error)));
        }
        catch (Exception error)
        {
            answer = new(StatusCodes.Status500InternalServerError, Html, ViewPage.Refusal("This page failed", Engine.OneLine.Of(error.Message)));
        }

        await WriteAsync(context, answer).ConfigureAwait(false);
    }

    private async Task WriteAsync(HttpContext context, Answer answer)
    {
        var (response, bytes) = (context.Response, answer.Body as byte[] ?? Encoding.UTF8.GetBytes((string)answer.Body));
        string tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]}\"";
        response.Headers.ContentSecurityPolicy = answer.Policy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "same-origin"; // without one a form's Origin would be null
        response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
        response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
        response.Headers.CacheControl = "no-cache";
        if (answer.Status == StatusCodes.Status200OK)
        {
            _guard.Keep(context);
            response.Headers.ETag = tag;
            if (context.Request.Headers.IfNoneMatch == tag)
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return;
            }
        }

        response.StatusCode = answer.Status;
        response.ContentType = answer.Type;
        response.ContentLength = bytes.Length;
        await response.Body.WriteAsync(bytes, context.RequestAborted).ConfigureAwait(false);
    }

    private Answer Get(HttpRequest request)
    {
        string[] words = request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return words switch
        {
            [] => new(ListPage.Write(_catalogue.Roots)),
            ["view.css"] => new(StatusCodes.Status200OK, "text/css; charset=utf-8", Asset("view.css")),
            ["player.css"] => new(StatusCodes.Status200OK, "text/css; charset=utf-8", RolloutPlayer.Style),
            ["player.js"] => new(StatusCodes.Status200OK, "text/javascript; charset=utf-8", RolloutPlayer.Script),
            ["view.js"] => new(StatusCodes.Status200OK, "text/javascript; charset=utf-8", Asset("view.js")),
            ["runs.json"] => new(StatusCodes.Status200OK, "application/json", ListPage.Document(_catalogue.Look())),
            ["compare"] => new(_comparison.Write(Chosen(request.Query["runs"].ToString(), ComparePage.MostRuns))),
            ["compare", "parts"] => new(_comparison.Parts(Chosen(request.Query["runs"].ToString(), ComparePage.MostRuns))),
            ["sweep", var id] => Of(id, path => new(_sweeps.Write(path))),
            ["sweep", var id, "parts"] => Of(id, path => new(_sweeps.Parts(path))),
            ["sweep", var id, "summary"] => Of(id, path => Summary(path)),
            ["run", var id] => Of(id, path => new(_runs.Write(path))),
            ["run", var id, "parts"] => Of(id, path => new(_runs.Parts(path))),
            ["run", var id, "page"] => Of(id, path => File(Path.Combine(path, "index.html"), Html) with { Policy = Answer.Sandboxed }),
            ["run", var id, "figure", var name] => Of(id, path => Figure(new ViewedRun(path), name)),
            _ => Missing(request.Path),
        };
    }

    private static Answer Figure(ViewedRun run, string name) => run.Figures.Contains(name) ? File(run.Figure(name), "image/svg+xml") with { Policy = Answer.Sandboxed } : Missing(name);

    // A link may lead out of the folders that were given.
    private static Answer File(string path, string type) => new FileInfo(path) is { Exists: true, LinkTarget: null } && Directory.GetParent(path)!.LinkTarget is null
        ? new(StatusCodes.Status200OK, type, SharedFile.Read(path))
        : Missing(Path.GetFileName(path));

    private static Answer Missing(string what) => new(StatusCodes.Status404NotFound, Html, ViewPage.Refusal("Not here", $"there is no {what}"));

    private Answer Of(string id, Func<string, Answer> answer) => _catalogue.Find(id) is { } path ? answer(path) : Missing($"run or sweep {id} below the folders that are looked at");

    private Answer Summary(string path)
    {
        var (share, text) = _sweeps.Summary(path);
        return new(StatusCodes.Status200OK, Html, $"{ViewPage.Bar(share, "stages done")} {ViewPage.Text(text)}");
    }

    private async Task<Answer> ReportAsync(HttpRequest request)
    {
        if (!HttpMethods.IsPost(request.Method) || !request.HasFormContentType)
            return new(StatusCodes.Status405MethodNotAllowed, Html, ViewPage.Refusal("Not allowed", "a report is asked for by the form of the list"));
        var form = await request.ReadFormAsync().ConfigureAwait(false);
        var paths = Chosen(form["runs"].ToString(), int.MaxValue);
        string command = Runs.ShellWords.Join([OwnProgram.Command, "report", .. paths.Select(NewFolder.Shown)]);
        return new(ReportPage.Write(RunReport.Of(new ReportRequest(paths, [], Replications, Published: false, command))));
    }

    private string[] Chosen(string ids, int most)
    {
        string[] paths = [.. ids.Split(',', StringSplitOptions.RemoveEmptyEntries).Distinct().Select(id => _catalogue.Find(id) ?? throw UserError.Value("runs", id, "a run below the folders that are looked at"))];
        return paths.Length is 0 || paths.Length > most
            ? throw UserError.Value("runs", string.Create(CultureInfo.InvariantCulture, $"{paths.Length} runs"), most == int.MaxValue ? "one or more" : string.Create(CultureInfo.InvariantCulture, $"1 to {most}"))
            : paths;
    }

    private static byte[] Asset(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name) ?? throw new InvalidOperationException($"no {name} in this program");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private sealed record Answer(int Status, string Type, object Body)
    {
        private const string Own = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

        // What lies in a run's folder may act within itself, and reach nothing of this server or of any other.
        public const string Sandboxed = "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'";

        public Answer(string page)
            : this(StatusCodes.Status200OK, Html, page)
        {
        }

        public string Policy { get; init; } = Own;
    }

    /// <summary>The command that started it decides when it ends.</summary>
    private sealed class EndsWhenTold : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

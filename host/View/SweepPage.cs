using System.Collections.Concurrent;
using System.Text;
using EDA.Host.Experiments;
using EDA.Host.Reports;

namespace EDA.Host.View;

/// <summary>The page of a sweep: which stages are done, run, wait, failed.</summary>
/// <param name="catalogue">The runs.</param>
internal sealed class SweepPage(RunCatalogue catalogue)
{
    private const int MostListed = 200;

    // What a sweep is follows from its sweep.json; planning thousands of runs takes a while.
    private readonly ConcurrentDictionary<string, (FileStamp Stamp, Sweep Sweep)> _opened = new();

    /// <summary>The page.</summary>
    /// <param name="path">The sweep's folder.</param>
    /// <returns>The page.</returns>
    public string Write(string path)
    {
        string name = NewFolder.Shown(path);
        return ViewPage.Write(name, $"/sweep/{catalogue.IdOf(path)}/parts", $"<h1>Sweep</h1>\n<p class=\"lead\"><code>{ViewPage.Text(name)}</code></p>\n{Parts(path)}");
    }

    /// <summary>Where a sweep stands, in a line.</summary>
    /// <param name="path">Its folder.</param>
    /// <returns>The share of its stages that is done, and the line.</returns>
    public (double Share, string Text) Summary(string path)
    {
        try
        {
            var status = new SweepStatus(Open(path));
            return (status.DoneShare, status.Summary);
        }
        catch (Exception broken) when (RunRow.IsOfTheFolder(broken))
        {
            return (0, RunRow.Why(broken));
        }
    }

    /// <summary>Its parts as they are now.</summary>
    /// <param name="path">The sweep's folder.</param>
    /// <returns>The parts.</returns>
    public string Parts(string path)
    {
        try
        {
            var sweep = Open(path);
            var status = new SweepStatus(sweep);
            string runs = $"<p>{sweep.Runs.Count.ToString("#,0", CultureInfo.InvariantCulture)} runs; stages: {ViewPage.Text(status.Summary)}. <a href=\"/?filter={Uri.EscapeDataString("folder=" + NewFolder.Shown(path) + "/")}\">Its runs in the list</a></p>\n{ViewPage.Bar(status.DoneShare, "stages done")}";
            string[] states = ["done", "running", "ready", "waiting", "failed", "blocked"];
            string stages = ViewPage.Table(["stage", .. states], status.Stages.GroupBy(stage => stage.Stage.Name).Select(group => (IEnumerable<string>)
                [ViewPage.Text(group.Key), .. states.Select(state => group.Count(stage => stage.State == state) is > 0 and var count ? count.ToString("#,0", CultureInfo.InvariantCulture) : string.Empty)]));
            var text = new StringBuilder(ViewPage.Part("sweep", runs)).Append(ViewPage.Part("stages", stages, "Stages"));
            foreach (var (state, heading) in ((string, string)[])[("running", "Running"), ("failed", "Failed"), ("blocked", "Waiting for what failed"), ("ready", "Ready"), ("waiting", "Waiting")])
            {
                var those = status.Stages.Where(stage => stage.State == state).ToList();
                if (those.Count > 0)
                    text.Append(ViewPage.Part(state, ViewPage.Table(["stage", "of run", .. state is "ready" or "waiting" ? [] : (string[])["progress", "what is known"]], those.Take(MostListed).Select(stage => Line(sweep, stage))) + More(those.Count), heading));
            }

            return text.ToString();
        }
        catch (Exception broken) when (RunRow.IsOfTheFolder(broken))
        {
            return ViewPage.Part("sweep", $"<p class=\"note\">{ViewPage.Text(RunRow.Why(broken))}</p>");
        }
    }

    private static string More(int count) => count <= MostListed ? string.Empty : string.Create(CultureInfo.InvariantCulture, $"<p class=\"lead\">and {count - MostListed:#,0} more</p>");

    private IEnumerable<string> Line(Sweep sweep, StageStanding standing)
    {
        string folder = sweep.FolderOf(standing.Stage), name = sweep.Runs[standing.Stage.Runs[0]].Name;
        var row = File.Exists(Path.Combine(folder, ViewedRun.ConfigName)) ? catalogue.RowOf(folder) : null;
        yield return row is null ? ViewPage.Text(standing.Stage.Id) : $"<a href=\"/run/{row.Id}\">{ViewPage.Text(standing.Stage.Id)}</a>";
        yield return ViewPage.Text(standing.Stage.Runs.Count == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name} and {standing.Stage.Runs.Count - 1} more"));
        if (standing.State is "ready" or "waiting" && standing.Detail is null)
            yield break;
        yield return row is { Stage: not null, Steps: > 0 } ? ViewPage.Bar((double)row.Step / row.Steps.Value, $"steps of {row.Stage}") : string.Empty;
        yield return $"<span class=\"reason\">{ViewPage.Text(standing.Detail ?? string.Empty)}</span>";
    }

    private Sweep Open(string path)
    {
        var stamp = FileStamp.Of(Path.Combine(path, SweepDefinition.FileName));
        if (_opened.TryGetValue(path, out var known) && known.Stamp == stamp)
            return known.Sweep;
        var sweep = Sweep.Open(path);
        _opened[path] = (stamp, sweep);
        return sweep;
    }
}

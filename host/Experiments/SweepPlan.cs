using EDA.Engine.Experiments;
using EDA.Host.Progress;

namespace EDA.Host.Experiments;

/// <summary>What a sweep would compute, what its runs share, and about how long it would take here.</summary>
/// <param name="sweep">The sweep.</param>
internal sealed class SweepPlan(Sweep sweep)
{
    /// <summary>A line for each kind of stage.</summary>
    public IEnumerable<string> Lines
    {
        get
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{sweep.Runs.Count} runs: {string.Join(", ", sweep.Definition.Recipes)}; {Grid()}seeds {string.Join(", ", sweep.Definition.Seeds)}");
            yield return $"{"stage",-10} {"compute",8} {"for runs",9}  about, by a few steps of each on this machine";
            double all = 0, alone = 0;
            var times = sweep.Runs.GroupBy(run => run.Plan.Request.Task.Name).ToDictionary(runs => runs.Key, runs => StageTimes.Measure(runs.First().Plan.Request));
            foreach (var group in sweep.Graph.Stages.GroupBy(stage => stage.Name))
            {
                double seconds = group.Sum(Seconds);
                (all, alone) = (all + seconds, alone + group.Sum(stage => Seconds(stage) * stage.Runs.Count));
                yield return string.Create(CultureInfo.InvariantCulture, $"{group.Key,-10} {group.Count(),8} {group.Sum(stage => stage.Runs.Count),9}  {Spans.Words(seconds)}");
            }

            yield return $"together about {Spans.Words(all)}; each run alone, {Spans.Words(alone)}";

            double Seconds(SharedStage stage) => times[sweep.PlanOf(stage).Request.Task.Name].Of(sweep.StageOf(stage), sweep.PlanOf(stage).Request.Settings);
        }
    }

    private string Grid() => string.Concat(sweep.Definition.Grid.Select(setting => $"{setting.Key} {string.Join(", ", setting.Value)}; "));
}

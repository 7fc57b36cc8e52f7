namespace EDA.Host.Experiments;

/// <summary>What a sweep would compute, and what its runs share.</summary>
/// <param name="sweep">The sweep.</param>
internal sealed class SweepPlan(Sweep sweep)
{
    /// <summary>A line for each kind of stage.</summary>
    public IEnumerable<string> Lines
    {
        get
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{sweep.Runs.Count} runs: {string.Join(", ", sweep.Definition.Recipes)}; {Grid()}seeds {string.Join(", ", sweep.Definition.Seeds)}");
            yield return $"{"stage",-10} {"compute",8} {"for runs",9}";
            foreach (var group in sweep.Graph.Stages.GroupBy(stage => stage.Name))
                yield return string.Create(CultureInfo.InvariantCulture, $"{group.Key,-10} {group.Count(),8} {group.Sum(stage => stage.Runs.Count),9}");
        }
    }

    private string Grid() => string.Concat(sweep.Definition.Grid.Select(setting => $"{setting.Key} {string.Join(", ", setting.Value)}; "));
}

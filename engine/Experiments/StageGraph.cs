namespace EDA.Engine.Experiments;

/// <summary>A stage as a run has it.</summary>
/// <param name="Name">The stage's name.</param>
/// <param name="Key">What it is known by: see <see cref="StageKeys"/>.</param>
/// <param name="Reads">The names of the run's stages whose files it reads.</param>
public readonly record struct StageUse(string Name, string Key, IReadOnlyList<string> Reads);

/// <summary>A stage that one run of an experiment has, or several have in common: it is computed once.</summary>
/// <param name="Name">The stage's name.</param>
/// <param name="Key">What it is known by.</param>
/// <param name="Reads">The stages whose files it reads, which must be done before it.</param>
/// <param name="Runs">The runs that have it, by number, the first being the one whose settings it is computed with.</param>
public sealed record SharedStage(string Name, string Key, IReadOnlyList<SharedStage> Reads, IReadOnlyList<int> Runs)
{
    /// <summary>A name that no other stage of the experiment has, fit for a folder.</summary>
    public string Id => $"{Name}-{Key}";

    /// <inheritdoc/>
    public bool Equals(SharedStage? other) => other?.Id == Id;

    /// <inheritdoc/>
    public override int GetHashCode() => Id.GetHashCode(StringComparison.Ordinal);
}

/// <summary>
/// The stages of an experiment as a graph: what several runs have in common stands in it once. A worker takes a
/// stage whose <see cref="SharedStage.Reads"/> are done.
/// </summary>
public sealed class StageGraph
{
    private readonly Dictionary<(int Run, string Name), SharedStage> _byRun = [];

    /// <summary>Makes the graph of some runs.</summary>
    /// <param name="runs">The stages of each run, in order.</param>
    /// <exception cref="ArgumentException">A stage reads one that does not stand before it.</exception>
    public StageGraph(IReadOnlyList<IReadOnlyList<StageUse>> runs)
    {
        var owners = new Dictionary<string, List<int>>();
        foreach (var (run, use) in runs.SelectMany((stages, run) => stages.Select(use => (run, use))))
        {
            string id = Id(use);
            if (!owners.TryGetValue(id, out var of))
                owners.Add(id, of = []);
            of.Add(run);
        }

        var all = new Dictionary<string, SharedStage>();
        for (int run = 0; run < runs.Count; run++)
        {
            foreach (var use in runs[run])
            {
                if (!all.TryGetValue(Id(use), out var stage))
                {
                    var reads = use.Reads.Select(name => _byRun.GetValueOrDefault((run, name)) ?? throw new ArgumentException($"{use.Name} reads {name}, which does not stand before it", nameof(runs)));
                    all.Add(Id(use), stage = new SharedStage(use.Name, use.Key, [.. reads], owners[Id(use)]));
                }

                _byRun.Add((run, use.Name), stage);
            }
        }

        Stages = [.. all.Values];
    }

    /// <summary>Every stage once, each after those that it reads.</summary>
    public IReadOnlyList<SharedStage> Stages { get; }

    /// <summary>A run's stage.</summary>
    /// <param name="run">The run's number.</param>
    /// <param name="name">The stage's name.</param>
    /// <returns>The stage.</returns>
    public SharedStage Of(int run, string name) => _byRun[(run, name)];

    private static string Id(StageUse use) => $"{use.Name}-{use.Key}";
}

using EDA.Engine.Experiments;
using EDA.Engine.Runs;
using EDA.Host.Reports;
using EDA.Host.Runs;

namespace EDA.Host.Experiments;

/// <summary>
/// A sweep in its folder: <c>sweep.json</c>; <c>runs/NAME</c>, a run folder for each point; <c>shared/STAGE-KEY</c>, a stage
/// that is computed once, wherever it is needed; <c>failures/</c>, why a stage failed. The last stage of a run, which
/// measures, is done in the run's own folder; all others are shared, and linked into it.
/// </summary>
internal sealed class Sweep
{
    /// <summary>How often a stage may fail.</summary>
    public const int MostFailures = 3;

    private Sweep(string path, SweepDefinition definition, IReadOnlyList<(string Name, StagePlan Plan)> runs)
    {
        (FullPath, Definition, Runs) = (path, definition, runs);
        var wider = Wider();
        Graph = new StageGraph([.. runs.Select((run, number) => (IReadOnlyList<StageUse>)
            [.. run.Plan.Stages.Select(stage => new StageUse(stage.Name, wider.GetValueOrDefault((number, stage.Name)) ?? run.Plan.Keys[stage.Name], [.. run.Plan.ReadBy(stage)]))])]);
    }

    /// <summary>The folder.</summary>
    public string FullPath { get; }

    /// <summary>The folder as a reader at the current folder would name it.</summary>
    public string ShownPath => NewFolder.Shown(FullPath);

    /// <summary>What it is.</summary>
    public SweepDefinition Definition { get; }

    /// <summary>Its runs.</summary>
    public IReadOnlyList<(string Name, StagePlan Plan)> Runs { get; }

    /// <summary>The stages, each once.</summary>
    public StageGraph Graph { get; }

    /// <summary>A sweep as it is defined, whether or not its folder is there.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="definition">What it is.</param>
    /// <returns>The sweep.</returns>
    public static Sweep Of(string path, SweepDefinition definition) =>
        new(Path.GetFullPath(path), definition, [.. definition.Runs().Select(run => (run.Name, StagePlan.Of(run.Request)))]);

    /// <summary>Opens the folder of a sweep.</summary>
    /// <param name="path">The folder.</param>
    /// <returns>The sweep.</returns>
    public static Sweep Open(string path) => Of(path, SweepDefinition.Load(path));

    /// <summary>The run whose settings a stage is computed with.</summary>
    public StagePlan PlanOf(SharedStage stage) => Runs[stage.Runs.First(run => Runs[run].Plan.Keys[stage.Name] == stage.Key)].Plan;

    /// <summary>The stage itself.</summary>
    public RunStage StageOf(SharedStage stage) => PlanOf(stage).Stages.Single(each => each.Name == stage.Name);

    /// <summary>The folder that a stage is worked on in.</summary>
    public string FolderOf(SharedStage stage) => StageOf(stage).ReadsAll ? RunPath(stage.Runs[0]) : Path.Combine(FullPath, "shared", stage.Id);

    /// <summary>The folder of a run.</summary>
    public string RunPath(int run) => Path.Combine(FullPath, "runs", Runs[run].Name);

    /// <summary>The files that a stage leaves.</summary>
    public StageFiles FilesOf(SharedStage stage) => new(Path.Combine(FolderOf(stage), RunFolder.CheckpointsName));

    /// <summary>Whether a stage is done: it has left what it is to leave, or of one that measures there is a whole result.</summary>
    public bool IsDone(SharedStage stage)
    {
        if (!StageOf(stage).ReadsAll)
            return PlanOf(stage).Progress(StageOf(stage), FilesOf(stage)).IsDone;
        string result = Path.Combine(FolderOf(stage), RunFolder.ResultName);
        return File.Exists(result) && RunDocuments.Read(result) is { } document && document["interrupted"]?.GetValue<bool>() == false && document["error"] is null;
    }

    /// <summary>Why a stage failed, each time it did.</summary>
    public IReadOnlyList<string> FailuresOf(SharedStage stage) =>
        [.. Enumerable.Range(1, MostFailures).Select(number => FailureFile(stage, number)).Where(File.Exists).Select(file => File.ReadAllText(file).TrimEnd())];

    /// <summary>Writes down that a stage failed.</summary>
    public void AddFailure(SharedStage stage, string reason)
    {
        Directory.CreateDirectory(Path.Combine(FullPath, FailuresName));
        for (int number = 1; number <= MostFailures; number++)
        {
            try
            {
                using var file = new StreamWriter(new FileStream(FailureFile(stage, number), FileMode.CreateNew, FileAccess.Write));
                file.WriteLine(reason);
                return;
            }
            catch (IOException) when (File.Exists(FailureFile(stage, number)))
            {
                // The one before.
            }
        }
    }

    /// <summary>Forgets failures, so that what failed is tried again.</summary>
    public void ForgetFailures()
    {
        string folder = Path.Combine(FullPath, FailuresName);
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    // The key of the stage that is taken in place of a run's own: of those that hold what it would leave the one that holds most.
    private Dictionary<(int Run, string Stage), string> Wider()
    {
        var taken = new Dictionary<(int, string), string>();
        var stages = Runs.SelectMany((run, number) => run.Plan.Stages.Where(stage => stage.WithoutAmounts(run.Plan.Request.Settings) != run.Plan.Request.Settings).Select(stage => (Run: number, Stage: stage, run.Plan)));
        foreach (var alike in stages.GroupBy(use => use.Plan.KindOf(use.Stage)))
        {
            foreach (var use in alike)
            {
                var serving = alike.Where(other => use.Stage.Serves(other.Plan.Request.Settings, use.Plan.Request.Settings));
                var widest = serving.MaxBy(other => alike.Count(least => use.Stage.Serves(other.Plan.Request.Settings, least.Plan.Request.Settings)));
                taken.Add((use.Run, use.Stage.Name), widest.Plan.Keys[use.Stage.Name]);
            }
        }

        return taken;
    }

    private const string FailuresName = "failures";

    private string FailureFile(SharedStage stage, int number) => Path.Combine(FullPath, FailuresName, string.Create(CultureInfo.InvariantCulture, $"{stage.Id}.{number}.txt"));
}

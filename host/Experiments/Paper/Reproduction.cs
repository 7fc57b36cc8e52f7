using EDA.Engine;
using EDA.Engine.Baselines;
using EDA.Engine.Data;
using EDA.Engine.Runs;
using EDA.Host.Experiments.Report;
using EDA.Host.Figures;

namespace EDA.Host.Experiments.Paper;

/// <summary>A table or figure of the paper as a sweep: a row of a table.</summary>
/// <param name="Name">The name, as typed.</param>
/// <param name="What">What it shows, in a line.</param>
/// <param name="Tasks">The recipes it is of.</param>
/// <param name="Grid">The settings that vary, with their values.</param>
/// <param name="Seeds">How many seeds the paper has.</param>
internal sealed record Reproduction(
    string Name, string What, IReadOnlyList<string> Tasks, IReadOnlyDictionary<string, IReadOnlyList<string>> Grid, int Seeds) : INamed
{
    private const string Objective = "alignment.objective", Temperature = "alignment.temperature", Fraction = "labels.fraction", Every = "evaluation.every";
    private const int CurvePoints = 20;

    // What the machine can make itself, where there is no folder of datasets.
    private const string StandIn = "pointmaze-umaze";

    private static readonly string[] _objectives = ["value", "preference"];
    private static readonly string[] _temperatures = ["0.1", "0.2", "0.3", "0.5", "1", "2", "3", "5"];
    private static readonly string[] _fractions = ["0.01", "0.02", "0.1", "0.2", "0.5"];

    // The methods that the paper draws along labels and along training.
    private static readonly Method[] _drawn = [Method.Eda, Method.Qgpo, Method.Iql];

    /// <summary>All of them, in the paper's order.</summary>
    public static NamedTable<Reproduction> Table { get; } = new(
        "experiment",
        new("table1", "scores of sixteen tasks, the best of 4 samples by Q", Of(_ => true), Vary(), 5)
        {
            OwnTable = PaperTable.Of,
        },
        new("fig3", "a bandit's density and Q_θ along diffusion, value beside preference", ["bandit-8gaussians"], Vary((Objective, _objectives)), 1),
        new("fig4", "three critics, each with a Gaussian policy, a diffusion policy and EDA", Of(IsLocomotion), Vary(), 5)
        {
            Points = _ => ThreeCritics.Points,
            OwnTable = ThreeCritics.Table,
            OwnFigure = ThreeCritics.Draw,
        },
        new("fig5", "scores by the share of labelled states, and along training, without rejection: EDA, QGPO and IQL", Of(IsLocomotion), Vary(), 5)
        {
            Points = run => [.. _drawn.SelectMany(method => _fractions.Select(fraction => Point((SweepDefinition.MethodKey, method.Name), (Fraction, fraction))).Append(Along(run, method, (Fraction, "1"))))],
        },
        new("fig6", "scores by the number of candidates, value beside preference", Of(IsLocomotion), Vary(("alignment.candidates", ["2", "4", "16", "128"]), (Objective, _objectives)), 5),
        new("fig7", "six bandits, generative models beside the diffusion model", [.. BanditTask.Each.Select(task => task.Name)], Vary(), 1)
        {
            Method = Method.Generators,
        },
        new("fig8", "six bandits, value beside preference", [.. BanditTask.Each.Select(task => task.Name)], Vary((Objective, _objectives)), 1),
        new("fig9", "scores by β on locomotion, with and without the best of 4", Of(IsLocomotion), Vary((Temperature, _temperatures)), 5),
        new("fig10", "scores by β on mazes and in the kitchen, with and without the best of 4", Of(domain => !IsLocomotion(domain)), Vary((Temperature, _temperatures)), 5),
        new("fig11", "the policies' scores along their training: EDA, QGPO and IQL", Of(IsLocomotion), Vary(), 5)
        {
            Points = run => [.. _drawn.Select(method => Along(run, method))],
        });

    /// <summary>The settings that vary together, by what a method's run would be; null where only the grid varies.</summary>
    public Func<Func<Method, RunSettings>, IReadOnlyList<IReadOnlyDictionary<string, string>>>? Points { get; init; }

    /// <summary>The settings by which its runs are told apart in the report.</summary>
    public IReadOnlyList<string> By => Points is null ? [.. Grid.Keys] : [.. Points(method => RunBudgets.Get(RunBudgets.Default, DatasetTask.Generated[0], null, method)).SelectMany(point => point.Keys).Where(key => key != Every).Distinct()];

    /// <summary>The table that the paper has of it, before the report's own; null for none.</summary>
    public Func<RunReport, ReportTable>? OwnTable { get; init; }

    /// <summary>The figure that the paper has of it, likewise.</summary>
    public Func<RunReport, Figure>? OwnFigure { get; init; }

    /// <summary>The method of its runs.</summary>
    public Method Method { get; init; } = Method.Eda;

    /// <summary>Whether it is of tasks that need a dataset's file.</summary>
    public bool NeedsFiles => Tasks.Any(name => RunTask.Table.Find(name) is DatasetTask { MakesItsData: false });

    /// <summary>The recipes that can be run, and a line for each thing that is missing or takes its place.</summary>
    /// <param name="datasets">The folder of datasets; null for none.</param>
    /// <returns>The recipes with their files, null for those that make their data, and the lines.</returns>
    public (IReadOnlyDictionary<string, string?> Recipes, IReadOnlyList<string> Lines) Find(string? datasets)
    {
        if (!NeedsFiles)
            return (Tasks.ToDictionary(name => name, _ => (string?)null), []);
        if (datasets is null)
            return (new Dictionary<string, string?> { [StandIn] = null }, [$"no --datasets DIR: {StandIn}, whose data is made here, stands for the {Tasks.Count} tasks"]);
        var files = Tasks.ToDictionary(name => name, name => DatasetFolder.Find(datasets, name));
        return (
            files.Where(file => file.Value is not null).ToDictionary(),
            [.. files.Where(file => file.Value is null).Select(file => $"left out: {file.Key}, whose file is not in {datasets} as {string.Join(" or ", DatasetFolder.NamesOf(file.Key))}")]);
    }

    // With rollouts at twenty moments of the training.
    private static Dictionary<string, string> Along(Func<Method, RunSettings> run, Method method, params (string Key, string Value)[] settings)
    {
        long steps = method.CurveSteps(run(method));
        return Point([(SweepDefinition.MethodKey, method.Name), .. settings, (Every, Math.Max(1, steps / CurvePoints).ToString(CultureInfo.InvariantCulture))]);
    }

    private static Dictionary<string, string> Point(params (string Key, string Value)[] settings) => settings.ToDictionary(setting => setting.Key, setting => setting.Value);

    private static bool IsLocomotion(D4rlDomain domain) => domain == D4rlDomain.Locomotion;

    private static IReadOnlyList<string> Of(Func<D4rlDomain, bool> domains) => [.. DatasetTask.PaperTasks.Where(task => domains(task.Domain)).Select(task => task.Name)];

    private static Dictionary<string, IReadOnlyList<string>> Vary(params (string Path, string[] Values)[] settings) =>
        settings.ToDictionary(setting => setting.Path, setting => (IReadOnlyList<string>)setting.Values);
}

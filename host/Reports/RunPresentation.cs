using System.Text.Json.Nodes;
using EDA.Engine.Baselines;
using EDA.Engine.Runs;
using EDA.Host.Figures;
using EDA.Kernels;

namespace EDA.Host.Reports;

/// <summary>What a run shows, by its kind or by its method: numbers for its files, its page and the last lines of its command, and figures.</summary>
public abstract class RunPresentation
{
    private static readonly Dictionary<Method, RunPresentation> _ofMethods = new() { [Method.Generators] = new GeneratorsPresentation() };

    private static readonly Dictionary<RunKind, RunPresentation> _ofKinds = new()
    {
        [RunKind.Bandit] = new BanditPresentation(),
        [RunKind.Dataset] = new DatasetPresentation(),
    };

    /// <summary>That of a run: its method's own, else that of its kind.</summary>
    /// <param name="run">The settings.</param>
    /// <returns>The presentation.</returns>
    public static RunPresentation Of(RunSettings run) => _ofMethods.GetValueOrDefault(run.Method.Row) ?? _ofKinds[run.Kind];

    /// <summary>The table of numbers; null where the run did not get so far.</summary>
    /// <param name="outcome">What the run came to.</param>
    /// <returns>The table.</returns>
    public abstract NumberTable? Table(RunOutcome outcome);

    /// <summary>Adds the numbers to result.json. Their keys are there in every result; what is not known is null.</summary>
    /// <param name="outcome">What the run came to.</param>
    /// <param name="document">The document.</param>
    public abstract void AddNumbers(RunOutcome outcome, JsonObject document);

    /// <summary>The numbers that several seeds are compared by, by the keys of seeds.json.</summary>
    /// <param name="outcome">What one of them came to, measured.</param>
    /// <returns>The numbers that there are.</returns>
    public abstract IEnumerable<KeyValuePair<string, double>> Numbers(RunOutcome outcome);

    /// <summary>The last lines of a command, without the one that says where everything is.</summary>
    /// <param name="outcome">What the run came to.</param>
    /// <returns>The lines.</returns>
    public abstract IEnumerable<string> Lines(RunOutcome outcome);

    /// <summary>The last lines of a command that ran several seeds.</summary>
    /// <param name="example">One of the seeds, measured.</param>
    /// <param name="numbers">The numbers of all, by the keys of seeds.json.</param>
    /// <returns>The lines.</returns>
    public abstract IEnumerable<string> Lines(RunOutcome example, IReadOnlyDictionary<string, Spread> numbers);

    /// <summary>The figures.</summary>
    /// <param name="outcome">What the run came to.</param>
    /// <param name="result">What this command came to, with what it compared; null for nothing.</param>
    /// <param name="history">What was measured along the way.</param>
    /// <param name="device">Where models are evaluated for a figure.</param>
    /// <param name="folder">Where they are.</param>
    /// <returns>The figures, in order.</returns>
    public abstract IEnumerable<Figure> Draw(RunOutcome outcome, RunResult? result, MetricsHistory history, IDevice device, RunFolder folder);

    /// <summary>What its first figure shows, where those of several runs stand below each other.</summary>
    /// <param name="run">The settings.</param>
    /// <returns>Some words; they follow the recipe's name.</returns>
    public virtual string Overview(RunSettings run) => run.Method.Row.Summary;

    /// <summary>A line of a name and what is said of it.</summary>
    protected static string Line(string name, FormattableString text) => $"{name,-16} {FormattableString.Invariant(text)}";
}

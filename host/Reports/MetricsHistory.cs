using EDA.Engine.Alignment;
using EDA.Engine.Critics;
using EDA.Engine.Diffusion;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;
using EDA.Host.Figures;

namespace EDA.Host.Reports;

/// <summary>What metrics.csv holds, over all the commands that wrote to it.</summary>
public sealed class MetricsHistory
{
    private static readonly (string Stage, string Name, string Title)[] _curves =
    [
        (BehaviorPretraining.StageName, "loss", "behavior pretraining, ‖σ_{t}∇f + ε‖^{2}"),
        (CriticTraining.StageName, "loss", "critic, mean squared error of the twins"),
        (CriticTraining.StageName, "next_value", "critic, mean of V(s')"),
        (BehaviorPretraining.WeightedName, "loss", "on weighted rows, ‖σ_{t}∇f + ε‖^{2}"),
        (PolicyAlignment.StageName, "loss", "policy alignment loss"),
        (RunStages.Policy, "loss", "the method's own training, loss"),
        (RunStages.Vae, "loss", "variational autoencoder, squared error + divergence"),
        (RunStages.Ebm, "loss", "energy-based model, ‖σ_{t}∇f + ε‖^{2} at one t"),
    ];

    private readonly List<(string Stage, long Step, string Name, double Value)> _rows = [];

    /// <summary>Reads the file.</summary>
    /// <param name="path">A file that <see cref="MetricsFile"/> wrote.</param>
    public MetricsHistory(string path)
        : this(File.ReadLines(path).Skip(1))
    {
    }

    /// <summary>Reads its rows.</summary>
    /// <param name="rows">The rows without the header.</param>
    public MetricsHistory(IEnumerable<string> rows)
    {
        foreach (string line in rows)
        {
            if (line.Split(',') is [var stage, var step, var name, var value]
                && long.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
                && double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double measured)
                && double.IsFinite(measured))
            {
                _rows.Add((stage, number, name, measured));
            }
        }
    }

    /// <summary>The learning curves of all stages, in the stages' order; those of fewer than two points are left out.</summary>
    public IReadOnlyList<LossCurve> Curves =>
        [.. _curves.Select(Curve).Where(curve => curve.Steps.Length > 1)];

    /// <summary>The same and, first, the policy's score along its training.</summary>
    public IEnumerable<LossCurve> AllCurves => Scores is { } scores ? [new LossCurve("score of the policy", scores.Steps, scores.Means), .. Curves] : Curves;

    /// <summary>The policy's score along alignment, or along its method's training; null where it was not rolled out at two steps.</summary>
    public ScoreCurve? Scores => ScoresOf(PolicyAlignment.StageName) ?? ScoresOf(RunStages.Policy);

    /// <summary>The last value of something measured.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="name">What it is.</param>
    /// <returns>The value; null where there is none.</returns>
    public double? Last(string stage, string name)
    {
        int index = _rows.FindLastIndex(row => row.Stage == stage && row.Name == name);
        return index < 0 ? null : _rows[index].Value;
    }

    /// <summary>Everything measured in a stage, by name, in the order it was written.</summary>
    /// <param name="stage">The stage.</param>
    /// <returns>The steps and values of each name.</returns>
    public IReadOnlyDictionary<string, IReadOnlyList<(long Step, double Value)>> Of(string stage) => _rows.Where(row => row.Stage == stage)
        .GroupBy(row => row.Name).ToDictionary(rows => rows.Key, rows => (IReadOnlyList<(long, double)>)[.. rows.Select(row => (row.Step, row.Value))]);

    private ScoreCurve? ScoresOf(string stage)
    {
        var means = Curve((stage, Rollouts.Score, string.Empty));
        var deviations = Curve((stage, Rollouts.ScoreDeviation, string.Empty));
        return means.Steps.Length > 1 && means.Steps.SequenceEqual(deviations.Steps) ? new(means.Steps, means.Values, deviations.Values) : null;
    }

    private LossCurve Curve((string Stage, string Name, string Title) wanted)
    {
        var rows = _rows.Where(row => row.Stage == wanted.Stage && row.Name == wanted.Name).ToList();
        return new LossCurve(wanted.Title, [.. rows.Select(row => (double)row.Step)], [.. rows.Select(row => row.Value)]);
    }
}

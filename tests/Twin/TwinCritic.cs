using EDA.Kernels;
using EDA.Tests.Golden;
using static EDA.Tests.Twin.Elementwise;
using static EDA.Tests.Twin.Matrices;

namespace EDA.Tests.Twin;

/// <summary>
/// The losses of the critics in float64, from the formulas of the method's section 4, every gradient by the tape.
/// </summary>
/// <param name="inputs">Weights, dataset and constants.</param>
/// <param name="rows">The rows of the dataset that make the batch.</param>
public sealed class TwinCritic(CriticInputs inputs, int[] rows)
{
    private readonly CriticProblem _problem = inputs.Problem;

    private Variable States => Rows(inputs.States, _problem.StateSize);

    private Variable Actions => Rows(inputs.Actions, _problem.ActionSize);

    /// <summary>The loss of V, its gradient, and V(s') of each row.</summary>
    public (double Loss, double[] Gradient) Value(ReadOnlySpan<double> value, float[] target)
    {
        var network = new TwinMlp(inputs.Layout.Value, value);
        double[] labels = MinimumQ(target, States, Actions);
        var error = Variable.Leaf(rows.Length, 1, labels) - network.Forward("v", States);
        double[] weights = Array.ConvertAll(error.Values, u => Math.Abs((double)_problem.Expectile - (u < 0 ? 1 : 0)));
        var loss = (1.0 / rows.Length) * Sum(Variable.Leaf(rows.Length, 1, weights) * (error * error));
        return (loss.Values[0], network.Gradient(loss));
    }

    /// <summary>V(s') by V.</summary>
    public double[] NextValues(float[] value) =>
        new TwinMlp(inputs.Layout.Value, value).Forward("v", Rows(inputs.NextStates, _problem.StateSize)).Values;

    /// <summary>V(s') = Σ_k softmax(α Q̄) Q̄ over given next actions [n×K×A].</summary>
    public double[] NextValues(float[] target, float[] nextActions)
    {
        int k = _problem.CandidateCount;
        var states = Variable.Leaf(rows.Length * k, _problem.StateSize, Repeat(Rows(inputs.NextStates, _problem.StateSize).Values, _problem.StateSize, k));
        double[] labels = MinimumQ(target, states, Variable.Leaf(rows.Length * k, _problem.ActionSize, nextActions));
        return [.. labels.Chunk(k).Select(row =>
        {
            double[] weights = [.. row.Select(q => Math.Exp(_problem.InverseTemperature * (q - row.Max())))];
            return weights.Zip(row, (w, q) => w * q).Sum() / weights.Sum();
        })];
    }

    /// <summary>The loss of the twins against r + γ(1 − d)V(s'), and its gradient.</summary>
    public (double Loss, double[] Gradient) Twin(ReadOnlySpan<double> twin, double[] nextValues)
    {
        var network = new TwinMlp(inputs.Layout.Twin, twin);
        double[] backups = [.. rows.Select((row, i) => inputs.Rewards[row] + (_problem.Discount * (1 - inputs.Terminals[row]) * nextValues[i]))];
        var input = Concatenate(Actions, States);
        Variable Error(string name) => network.Forward(name, input) - Variable.Leaf(rows.Length, 1, backups);
        var (first, second) = (Error("q1"), Error("q2"));
        var loss = (0.5 / rows.Length) * (Sum(first * first) + Sum(second * second));
        return (loss.Values[0], network.Gradient(loss));
    }

    /// <summary>The loss of the advantage-weighted policy and its gradient.</summary>
    public (double Loss, double[] Gradient) Policy(ReadOnlySpan<double> policy, float[] value, float[] target)
    {
        var network = new TwinMlp(inputs.Layout.Policy, policy);
        double[] labels = MinimumQ(target, States, Actions);
        double[] values = new TwinMlp(inputs.Layout.Value, value).Forward("v", States).Values;
        double[] weights = [.. labels.Zip(values, (q, v) => Math.Min(Math.Exp(_problem.Temperature * (q - v)), _problem.Cap))];
        var error = Tanh(network.Forward("net", States)) - Actions;
        var loss = (1.0 / rows.Length) * Sum(Variable.Leaf(rows.Length, 1, weights) * SumOverColumns(error * error));
        return (loss.Values[0], network.Gradient(loss));
    }

    /// <summary>Q₁ and Q₂ of states and actions [n×1] each.</summary>
    public (Variable First, Variable Second) Both(float[] twin, Variable states, Variable actions)
    {
        var network = new TwinMlp(inputs.Layout.Twin, twin);
        var input = Concatenate(actions, states);
        return (network.Forward("q1", input), network.Forward("q2", input));
    }

    /// <summary>min(Q₁, Q₂) of states and actions.</summary>
    public double[] MinimumQ(float[] twin, Variable states, Variable actions)
    {
        var (first, second) = Both(twin, states, actions);
        return [.. first.Values.Zip(second.Values, Math.Min)];
    }

    /// <summary>Each row of a matrix several times.</summary>
    public static double[] Repeat(double[] values, int width, int times) =>
        [.. values.Chunk(width).SelectMany(row => Enumerable.Repeat(row, times)).SelectMany(row => row)];

    private Variable Rows(float[] values, int width) => Variable.Leaf(
        rows.Length, width, rows.SelectMany(row => values.AsSpan(row * width, width).ToArray()).Select(x => (double)x).ToArray());
}

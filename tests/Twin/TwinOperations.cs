using EDA.Kernels;
using static EDA.Tests.Twin.Elementwise;
using static EDA.Tests.Twin.Matrices;

namespace EDA.Tests.Twin;

/// <summary>
/// The fused operations of <see cref="IBdmOperations"/> in float64, every derivative by the tape. Inputs are the
/// devices' own single-precision numbers.
/// </summary>
/// <param name="shape">The sizes of the network.</param>
public sealed class TwinOperations(BdmShape shape)
{
    /// <summary>f [n].</summary>
    public double[] Density(float[] parameters, float[] actions, float[] times, float[]? states) =>
        new TwinNetwork(shape, parameters).Density(Rows(actions), times, states).Values;

    /// <summary>ε̂ [n×A] (Eq. 9).</summary>
    public double[] Score(float[] parameters, double[] actions, float[] times, float[]? states)
    {
        var a = Variable.Leaf(times.Length, shape.ActionSize, actions);
        var density = new TwinNetwork(shape, parameters).Density(a, times, states);
        var slope = Differentiation.Gradient(Sum(density), a)[0];
        return (-1 * (Scales(times, TwinSchedule.Sigma) * slope)).Values;
    }

    /// <summary>The pretraining loss and its gradient (Eq. 10): the tape runs over its own gradient.</summary>
    public (double Loss, double[] Gradient) DenoisingStep(
        ReadOnlySpan<double> parameters,
        float[] actions,
        float[] times,
        float[] noise,
        float[]? states,
        float[]? mask = null,
        double dropoutRate = 0)
    {
        var network = new TwinNetwork(shape, parameters);
        var loss = DenoisingLoss(network, actions, times, noise, states, mask, dropoutRate);
        return (loss.Values[0], network.Gradient(loss));
    }

    /// <summary>The pretraining loss alone, for differences.</summary>
    public double DenoisingLoss(
        ReadOnlySpan<double> parameters,
        float[] actions,
        float[] times,
        float[] noise,
        float[]? states,
        float[]? mask = null,
        double dropoutRate = 0) =>
        DenoisingLoss(new TwinNetwork(shape, parameters), actions, times, noise, states, mask, dropoutRate).Values[0];

    /// <summary>Δ [b×K].</summary>
    public double[] Gaps(
        float[] policy, float[] behavior, float[] candidates, float[] times, float[] noise, float[]? states, int candidateCount) =>
        Gaps(new TwinNetwork(shape, policy), behavior, candidates, times, noise, states, candidateCount).Values;

    /// <summary>The alignment loss and its gradient by the policy's parameters (Eq. 14-16).</summary>
    public (double Loss, double[] Gradient) AlignmentStep(
        ReadOnlySpan<double> policy,
        float[] behavior,
        float[] candidates,
        float[] labels,
        float[] times,
        float[] noise,
        float[]? states,
        int candidateCount,
        AlignmentObjective objective)
    {
        var network = new TwinNetwork(shape, policy);
        var gaps = Gaps(network, behavior, candidates, times, noise, states, candidateCount);
        var loss = TwinObjective.Loss(objective, gaps, labels);
        return (loss.Values[0], network.Gradient(loss));
    }

    /// <summary>The solver loop that a table describes.</summary>
    public double[] Sample(float[] parameters, float[]? states, int candidateCount, SolverTable table, float[] start)
    {
        int rows = start.Length / shape.ActionSize;
        var repeated = states is null ? null : RepeatRows(states, shape.StateSize, candidateCount);
        double[] anchor = Array.ConvertAll(start, x => (double)x), point = anchor;
        double[] older = new double[start.Length], oldest = older;
        foreach (var step in table.Evaluations)
        {
            var times = new float[rows];
            Array.Fill(times, step.Time);
            double[] noise = Score(parameters, point, times, repeated);
            var (current, start0, previous, before) = (point, anchor, older, oldest);
            double[] data = Each(i => (current[i] - (step.Sigma * noise[i])) / step.Alpha);
            point = Each(i => (step.AnchorWeight * start0[i]) + (step.Weight0 * data[i]) + (step.Weight1 * previous[i]) + (step.Weight2 * before[i]));
            (older, oldest) = (data, older);
            if (step.MovesAnchor)
                anchor = point;
        }

        return point;

        double[] Each(Func<int, double> value) => [.. Enumerable.Range(0, start.Length).Select(value)];
    }

    private Variable DenoisingLoss(
        TwinNetwork network, float[] actions, float[] times, float[] noise, float[]? states, float[]? mask, double dropoutRate)
    {
        var diffused = Diffuse(actions, times, noise);
        var density = network.Density(diffused, times, states, mask, dropoutRate);
        var slope = Differentiation.Gradient(Sum(density), diffused)[0];
        var error = (Scales(times, TwinSchedule.Sigma) * slope) + Rows(noise);
        return (1.0 / times.Length) * Sum(error * error);
    }

    private Variable Gaps(
        TwinNetwork policy, float[] behavior, float[] candidates, float[] times, float[] noise, float[]? states, int candidateCount)
    {
        float[] t = RepeatRows(times, 1, candidateCount);
        var s = states is null ? null : RepeatRows(states, shape.StateSize, candidateCount);
        var diffused = Diffuse(candidates, t, noise);
        var gaps = policy.Density(diffused, t, s) - new TwinNetwork(shape, behavior).Density(diffused, t, s);
        return Reshape(gaps, times.Length, candidateCount);
    }

    private Variable Diffuse(float[] actions, float[] times, float[] noise) =>
        (Scales(times, TwinSchedule.Alpha) * Rows(actions)) + (Scales(times, TwinSchedule.Sigma) * Rows(noise));

    private Variable Rows(float[] values) => Variable.Leaf(values.Length / shape.ActionSize, shape.ActionSize, values);

    private Variable Scales(float[] times, Func<double, double> scale) => RepeatColumn(
        Variable.Leaf(times.Length, 1, Array.ConvertAll(times, t => scale(t))), shape.ActionSize);

    private static float[] RepeatRows(float[] values, int width, int times) =>
        [.. values.Chunk(width).SelectMany(row => Enumerable.Repeat(row, times)).SelectMany(row => row)];
}

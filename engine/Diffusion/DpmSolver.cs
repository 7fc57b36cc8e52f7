using System.Collections.Immutable;
using EDA.Kernels;

namespace EDA.Engine.Diffusion;

/// <summary>
/// DPM-Solver++ in data prediction (Lu et al., arXiv 2211.01095; method: section 6) as tables of coefficients for a
/// device to run. Time goes from 1 to the schedule's smallest in equal parts, one evaluation at the beginning of each;
/// a step of order 2 or 3 spans that many parts and takes its inner nodes from the grid. Updates are of the
/// 'dpm_solver' form, without clipping.
/// </summary>
/// <remarks>
/// With λ the half-log-SNR, h the step in λ from s to t, r₁ and r₂ the inner nodes' share of it, D₀, D₁, D₂ the data
/// predictions at s and at the inner nodes, and φ(z) = e^−z − 1:
/// <code>
/// order 1   x_t  = (σ_t/σ_s) x − α_t φ(h) D₀
/// order 2   x_s1 = (σ_s1/σ_s) x − α_s1 φ(r₁h) D₀
///           x_t  = (σ_t/σ_s) x − α_t φ(h) D₀ − α_t φ(h) (D₁ − D₀) / (2 r₁)
/// order 3   x_s1 as in order 2
///           x_s2 = (σ_s2/σ_s) x − α_s2 φ(r₂h) D₀ + (r₂/r₁) α_s2 (φ(r₂h)/(r₂h) + 1) (D₁ − D₀)
///           x_t  = (σ_t/σ_s) x − α_t φ(h) D₀ + (1/r₂) α_t (φ(h)/h + 1) (D₂ − D₀)
/// 2M        x_t  = (σ_t/σ_s) x − α_t φ(h) D₀ − ½ α_t φ(h) (h/h₋₁) (D₀ − D₋₁)
/// </code>
/// </remarks>
public static class DpmSolver
{
    /// <summary>What the published code samples with: singlestep, order 2, 15 evaluations on the published schedule.</summary>
    public static SolverTable Published { get; } = Singlestep(NoiseSchedule.Published, 15, 2);

    /// <summary>
    /// DPM-Solver++(1, 2S, 3S). All evaluations are used: what does not divide by the order goes to steps of lower
    /// order at the end (order 2: one of order 1 if odd, two if even; order 3: orders 2 and 1, order 1, or order 2 for
    /// remainders 0, 1, 2).
    /// </summary>
    /// <param name="schedule">The noise schedule.</param>
    /// <param name="evaluations">The number of evaluations of the network, at least 1.</param>
    /// <param name="order">The highest order of a step, 1 to 3.</param>
    /// <returns>The coefficients.</returns>
    /// <exception cref="InvalidSettingException">The number or the order is not allowed.</exception>
    public static SolverTable Singlestep(NoiseSchedule schedule, int evaluations, int order)
    {
        var grid = Grid(schedule, evaluations);
        var table = ImmutableArray.CreateBuilder<SolverEvaluation>(evaluations);
        foreach (int stepOrder in StepOrders(evaluations, Setting.Range(order, 1, 3, nameof(order))))
        {
            int first = table.Count;
            AddStep(table, grid.AsSpan(first, stepOrder + 1));
        }

        return new SolverTable(table.MoveToImmutable());
    }

    /// <summary>DPM-Solver++(2M): the first step is of order 1, every later one of order 2 by the evaluation before it.</summary>
    /// <param name="schedule">The noise schedule.</param>
    /// <param name="evaluations">The number of evaluations of the network, at least 1.</param>
    /// <returns>The coefficients.</returns>
    /// <exception cref="InvalidSettingException">The number is not allowed.</exception>
    public static SolverTable Multistep(NoiseSchedule schedule, int evaluations)
    {
        var grid = Grid(schedule, evaluations);
        var table = ImmutableArray.CreateBuilder<SolverEvaluation>(evaluations);
        for (int i = 0; i < evaluations; i++)
        {
            Node s = grid[i], t = grid[i + 1];
            double h = t.Lambda - s.Lambda;
            double data = -t.Alpha * ExpMinusOne(-h);
            double correction = i == 0 ? 0 : 0.5 * data * h / (s.Lambda - grid[i - 1].Lambda);
            table.Add(Evaluation(s, t.Sigma / s.Sigma, data + correction, -correction, 0, true));
        }

        return new SolverTable(table.MoveToImmutable());
    }

    /// <summary>
    /// The same solver, and then steps uphill on the density at one diffusion time: with x̂ = (x + σ_t² ∇f(x, t)) / α_t,
    /// x ← (1 − η) x + η α_t x̂ = x + η σ_t² ∇f(x, t).
    /// </summary>
    /// <param name="solver">The solver.</param>
    /// <param name="schedule">Its noise schedule.</param>
    /// <param name="steps">How many steps, at least 0.</param>
    /// <param name="time">t, from 0 to 1.</param>
    /// <param name="rate">η, above 0.</param>
    /// <returns>The coefficients.</returns>
    /// <exception cref="InvalidSettingException">A number is not allowed.</exception>
    public static SolverTable WithAscent(SolverTable solver, NoiseSchedule schedule, int steps, double time, double rate)
    {
        Setting.Range(steps, 0, name: nameof(steps));
        Setting.Positive(rate, name: nameof(rate));
        var variance = schedule.Variance;
        double t = (float)Math.Max(time, variance.TimeMin);
        var step = Evaluation(new Node(t, variance.Alpha(t), variance.Sigma(t), schedule.Lambda(t)), 1 - rate, rate * variance.Alpha(t), 0, 0, true);
        return new SolverTable([.. solver.Evaluations, .. Enumerable.Repeat(step, steps)]);
    }

    /// <summary>The orders of the steps of a singlestep run; they sum to the number of evaluations.</summary>
    private static IEnumerable<int> StepOrders(int evaluations, int order)
    {
        int[] last = order switch
        {
            1 => [],
            2 => evaluations % 2 == 1 ? [1] : [1, 1],
            _ => (evaluations % 3) switch { 0 => [2, 1], 1 => [1], _ => [2] },
        };
        return Enumerable.Repeat(order, (evaluations - last.Sum()) / order).Concat(last);
    }

    private static void AddStep(ImmutableArray<SolverEvaluation>.Builder table, ReadOnlySpan<Node> nodes)
    {
        Node s = nodes[0], t = nodes[^1];
        double h = t.Lambda - s.Lambda;
        double data = -t.Alpha * ExpMinusOne(-h);
        double anchor = t.Sigma / s.Sigma;
        if (nodes.Length == 2)
        {
            table.Add(Evaluation(s, anchor, data, 0, 0, true));
            return;
        }

        Node s1 = nodes[1];
        double h1 = s1.Lambda - s.Lambda;
        table.Add(Evaluation(s, s1.Sigma / s.Sigma, -s1.Alpha * ExpMinusOne(-h1), 0, 0, false));
        if (nodes.Length == 3)
        {
            double slope = 0.5 * data * h / h1;
            table.Add(Evaluation(s1, anchor, slope, data - slope, 0, true));
            return;
        }

        Node s2 = nodes[2];
        double h2 = s2.Lambda - s.Lambda;
        double innerSlope = h2 / h1 * s2.Alpha * ((ExpMinusOne(-h2) / h2) + 1);
        table.Add(Evaluation(s1, s2.Sigma / s.Sigma, innerSlope, (-s2.Alpha * ExpMinusOne(-h2)) - innerSlope, 0, false));
        double outerSlope = h / h2 * t.Alpha * ((ExpMinusOne(-h) / h) + 1);
        table.Add(Evaluation(s2, anchor, outerSlope, 0, data - outerSlope, true));
    }

    private static SolverEvaluation Evaluation(Node at, double anchor, double weight0, double weight1, double weight2, bool movesAnchor) =>
        new((float)at.Time, (float)at.Alpha, (float)at.Sigma, (float)anchor, (float)weight0, (float)weight1, (float)weight2, movesAnchor);

    private static Node[] Grid(NoiseSchedule schedule, int evaluations)
    {
        Setting.Range(evaluations, 1, name: nameof(evaluations));
        var variance = schedule.Variance;
        var grid = new Node[evaluations + 1];
        for (int i = 0; i <= evaluations; i++)
        {
            // The network sees a float; the coefficients belong to the time it sees.
            double t = (float)(1 + ((variance.TimeMin - 1) * i / evaluations));
            grid[i] = new Node(t, variance.Alpha(t), variance.Sigma(t), schedule.Lambda(t));
        }

        return grid;
    }

    /// <summary>e^x − 1 without cancellation: 2y / (1 − y) with y = tanh(x/2).</summary>
    private static double ExpMinusOne(double x)
    {
        double y = Math.Tanh(0.5 * x);
        return 2 * y / (1 - y);
    }

    private readonly record struct Node(double Time, double Alpha, double Sigma, double Lambda);
}

using EDA.Engine;
using EDA.Engine.Diffusion;
using EDA.Kernels;

namespace EDA.Tests.Engine;

public class DpmSolverTests
{
    private const double Mean = 0.7;
    private const double End = 0.3;
    private const double Scale = 1.5;

    /// <summary>Time ends at 0.3: between there and 1 the λ grid is smooth enough for few evaluations to show the order.</summary>
    private static readonly NoiseSchedule _smooth = new(new VarianceSchedule(0.1, 20, End));

    [Fact]
    public void Published_table_has_seven_second_order_steps_and_one_first()
    {
        var table = DpmSolver.Published.Evaluations;
        Assert.Equal(15, table.Length);
        Assert.Equal([2, 2, 2, 2, 2, 2, 2, 1], StepLengths(DpmSolver.Published));
        Assert.Equal(1, table[0].Time);
        Assert.True(table[^1].Time > 1e-3f);

        var schedule = NoiseSchedule.Published;
        for (int i = 0; i + 1 < 14; i += 2)
        {
            double first = schedule.Lambda(table[i].Time), middle = schedule.Lambda(table[i + 1].Time), last = schedule.Lambda(table[i + 2].Time);
            Assert.InRange((middle - first) / (last - first), 0.395, 0.525);
        }
    }

    [Theory]
    [InlineData(1, 1, new[] { 1 })]
    [InlineData(3, 1, new[] { 1, 1, 1 })]
    [InlineData(1, 2, new[] { 1 })]
    [InlineData(2, 2, new[] { 1, 1 })]
    [InlineData(3, 2, new[] { 2, 1 })]
    [InlineData(8, 2, new[] { 2, 2, 2, 1, 1 })]
    [InlineData(1, 3, new[] { 1 })]
    [InlineData(2, 3, new[] { 2 })]
    [InlineData(3, 3, new[] { 2, 1 })]
    [InlineData(4, 3, new[] { 3, 1 })]
    [InlineData(5, 3, new[] { 3, 2 })]
    [InlineData(9, 3, new[] { 3, 3, 2, 1 })]
    public void All_evaluations_are_used(int evaluations, int order, int[] steps) =>
        Assert.Equal(steps, StepLengths(DpmSolver.Singlestep(NoiseSchedule.Published, evaluations, order)));

    [Fact]
    public void Times_are_uniform()
    {
        foreach (var table in new[] { DpmSolver.Singlestep(NoiseSchedule.Published, 17, 3), DpmSolver.Multistep(NoiseSchedule.Published, 17) })
        {
            for (int i = 0; i < 17; i++)
                Assert.Equal(1 - (0.999 * i / 17), table.Evaluations[i].Time, 1e-6);
        }
    }

    [Fact]
    public void A_second_order_step_is_the_papers_formula()
    {
        // x_t = (σ_t/σ_s) x − α_t (e^−h − 1) D₀ − α_t (e^−h − 1) (D₁ − D₀) / (2 r₁), on the published grid's first step.
        var schedule = NoiseSchedule.Published;
        var (s, s1, t) = (1.0, 1 - (0.999 / 15), 1 - (2 * 0.999 / 15));
        double h = schedule.Lambda(t) - schedule.Lambda(s);
        double r1 = (schedule.Lambda(s1) - schedule.Lambda(s)) / h;
        double phi = Math.Exp(-h) - 1, alpha = schedule.Variance.Alpha(t);
        var inner = DpmSolver.Published.Evaluations[0];
        Assert.Equal(-schedule.Variance.Alpha(s1) * (Math.Exp(-r1 * h) - 1), inner.Weight0, 1e-6);
        Assert.Equal(schedule.Variance.Sigma(s1) / schedule.Variance.Sigma(s), inner.AnchorWeight, 1e-6);
        var outer = DpmSolver.Published.Evaluations[1];
        Assert.Equal(schedule.Variance.Sigma(t) / schedule.Variance.Sigma(s), outer.AnchorWeight, 1e-6);
        Assert.Equal(-alpha * phi / (2 * r1), outer.Weight0, 1e-6);
        Assert.Equal((-alpha * phi) + (alpha * phi / (2 * r1)), outer.Weight1, 1e-6);
        Assert.Equal(0, outer.Weight2);
    }

    [Fact]
    public void A_point_mass_is_hit_exactly()
    {
        // With a constant data prediction every step is exact: σ_t/σ_s x + (α_t − α_s σ_t/σ_s) x̂.
        SolverTable[] tables = [.. new[] { 1, 2, 3 }.Select(order => DpmSolver.Singlestep(NoiseSchedule.Published, 12, order)), DpmSolver.Multistep(NoiseSchedule.Published, 12)];
        foreach (var table in tables)
        {
            var schedule = NoiseSchedule.Published.Variance;
            double end = PlainDevice.Run(table, 1.3, (x, t) => (x - (schedule.Alpha(t) * Mean)) / schedule.Sigma(t));
            double exact = (schedule.Alpha(1e-3) * Mean) + (schedule.Sigma(1e-3) / schedule.Sigma(1) * (1.3 - (schedule.Alpha(1) * Mean)));
            Assert.Equal(exact, end, 1e-5);
        }
    }

    // Orders 1 and 2 need nothing of the number of evaluations; order 3 ends in a step of order 2 where the remainder
    // is 2, which keeps the order, and in one of order 1 otherwise, which does not.
    [Theory]
    [InlineData(1, 20, 80, 0.9, 1.1)]
    [InlineData(2, 21, 81, 1.85, 2.1)]
    [InlineData(2, 20, 80, 1.85, 2.1)]
    [InlineData(3, 11, 35, 2.85, 3.15)]
    [InlineData(0, 20, 80, 1.8, 2.2)]
    public void Converges_at_its_order(int order, int few, int many, double least, double most)
    {
        double measured = Math.Log(Error(order, few) / Error(order, many)) / Math.Log((double)many / few);
        Assert.InRange(measured, least, most);
    }

    [Fact]
    public void Samples_of_a_gaussian_have_its_mean_and_scale()
    {
        // At the published 15 evaluations this Gaussian comes out 15 % too narrow: the step down to t = 1e-3 is long in λ.
        using var device = new PlainDevice(Mean, 0.4);
        using var model = BottleneckDiffusionModel.Create(device, new BdmShape(0, 2, 32, 1), 0);
        float[] samples = model.Sample(3000, 1, new RandomDraw(0, RandomStage.Sampling, 0), default, DpmSolver.Singlestep(NoiseSchedule.Published, 75, 2));
        double mean = samples.Average();
        Assert.Equal(Mean, mean, 0.02);
        Assert.Equal(0.4, Math.Sqrt(samples.Average(x => (x - mean) * (x - mean))), 0.02);
    }

    [Theory]
    [InlineData(0, 2, "evaluations")]
    [InlineData(15, 0, "order")]
    [InlineData(15, 4, "order")]
    public void Refuses_what_it_cannot_do(int evaluations, int order, string setting) =>
        Assert.Equal(setting, Assert.Throws<InvalidSettingException>(() => DpmSolver.Singlestep(NoiseSchedule.Published, evaluations, order)).Setting);

    private static double Error(int order, int evaluations)
    {
        var table = order == 0 ? DpmSolver.Multistep(_smooth, evaluations) : DpmSolver.Singlestep(_smooth, evaluations, order);
        var schedule = _smooth.Variance;
        double Deviation(double t) => Math.Sqrt(Math.Pow(schedule.Alpha(t) * Scale, 2) + Math.Pow(schedule.Sigma(t), 2));
        double end = PlainDevice.Run(table, 2, (x, t) => schedule.Sigma(t) * (x - (schedule.Alpha(t) * Mean)) / Math.Pow(Deviation(t), 2));
        double exact = (schedule.Alpha(End) * Mean) + (Deviation(End) / Deviation(1) * (2 - (schedule.Alpha(1) * Mean)));
        return Math.Abs(end - exact);
    }

    private static List<int> StepLengths(SolverTable table)
    {
        var lengths = new List<int>();
        int length = 0;
        foreach (var evaluation in table.Evaluations)
        {
            length++;
            if (evaluation.MovesAnchor)
            {
                lengths.Add(length);
                length = 0;
            }
        }

        return lengths;
    }
}

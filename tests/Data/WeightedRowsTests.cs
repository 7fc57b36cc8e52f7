using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Tests.Twin;

namespace EDA.Tests.Data;

/// <summary>Rows that stand as often as they count, and the weights of implicit Q-learning.</summary>
public sealed class WeightedRowsTests : IDisposable
{
    private readonly CpuDevice _device = new(new CpuOptions(CpuOptions.BestSimd, 2));

    public void Dispose() => _device.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(12_345)]
    public void Each_row_stands_as_often_as_it_counts(int total)
    {
        var random = new Random(total);
        double[] weights = [.. Enumerable.Range(0, 300).Select(i => i % 7 == 0 ? 0 : Math.Exp(8 * random.NextDouble()))];
        double sum = weights.Sum();
        foreach (double offset in (double[])[0, 0.3, 0.999999])
        {
            int[] counts = WeightedRows.Counts(weights, total, offset);
            Assert.Equal(total, counts.Sum());
            for (int row = 0; row < weights.Length; row++)
                Assert.InRange(counts[row] - (total * weights[row] / sum), -1.000001, 1.000001);
        }
    }

    [Fact]
    public void Over_all_beginnings_of_the_comb_the_counts_are_right_on_average()
    {
        double[] weights = [3, 0, 0.5, 1e-3, 7, 0.2, 0];
        const int Offsets = 20_000, Total = 5;
        var sums = new double[weights.Length];
        for (int i = 0; i < Offsets; i++)
        {
            int[] counts = WeightedRows.Counts(weights, Total, (i + 0.5) / Offsets);
            for (int row = 0; row < weights.Length; row++)
                sums[row] += counts[row];
        }

        for (int row = 0; row < weights.Length; row++)
            Assert.Equal(Total * weights[row] / weights.Sum(), sums[row] / Offsets, 1e-3);
    }

    [Fact]
    public void Equal_weights_are_the_rows_themselves()
    {
        Assert.All(WeightedRows.Counts(Enumerable.Repeat(0.1, 1000).ToArray(), 4000, 0.4), count => Assert.InRange(count, 3, 5));
        Assert.Equal(1000, WeightedRows.EffectiveCount(Enumerable.Repeat(0.1, 1000).ToArray()), 1e-6);
        Assert.Equal(1.6, WeightedRows.EffectiveCount([3, 1]), 1e-12);
    }

    [Fact]
    public void What_is_no_weight_is_refused()
    {
        Assert.Throws<ArgumentException>(() => WeightedRows.Counts([1, double.NaN], 2, 0));
        Assert.Throws<ArgumentException>(() => WeightedRows.Counts([1, -1], 2, 0));
        Assert.Throws<ArgumentException>(() => WeightedRows.Counts([0, 0], 2, 0));
        Assert.Throws<ArgumentException>(() => WeightedRows.Counts([1, double.PositiveInfinity], 2, 0));
    }

    [Fact]
    public void The_dataset_has_each_taken_row_as_often_and_no_other()
    {
        var view = new QLearningView(new SyntheticTransitions(1, 300).Dataset());
        int[] rows = [.. Enumerable.Range(0, view.Count).Where(row => row % 3 == 0)];
        double[] weights = [.. rows.Select((_, i) => i % 5 == 0 ? 0 : 1.0 + (i % 4))];
        using var data = WeightedRows.Upload(_device, view, rows, weights, new RandomDraw(3, RandomStage.Weighted, 0));
        Assert.Equal(4 * rows.Length, data.Count);
        var (states, actions) = (data.States!.ToArray(), data.Actions.ToArray());
        var found = new Dictionary<int, int>();
        for (int i = 0; i < data.Count; i++)
        {
            int row = Array.FindIndex(rows, each => view.State(each).SequenceEqual(states.AsSpan(i * view.StateSize, view.StateSize)) && view.Action(each).SequenceEqual(actions.AsSpan(i * view.ActionSize, view.ActionSize)));
            Assert.InRange(row, 0, rows.Length - 1);
            found[row] = found.GetValueOrDefault(row) + 1;
        }

        for (int i = 0; i < rows.Length; i++)
            Assert.InRange(found.GetValueOrDefault(i) - (4 * rows.Length * weights[i] / weights.Sum()), -1.000001, 1.000001);
    }

    [Fact]
    public void Weights_are_those_of_a_critic_worked_out_in_double()
    {
        var view = new QLearningView(new SyntheticTransitions(2, 400).Dataset());
        var shape = new CriticShape(view.StateSize, view.ActionSize, 32);
        using var critic = Critic.Create(_device, shape, 3);
        int[] rows = [.. Enumerable.Range(0, view.Count).Where(row => row % 2 == 1)];
        const double Scale = 3, Cap = 1.2;
        double[] weights = AdvantageWeights.Of(critic, view, rows, Scale, Cap);
        var layout = new CriticLayout(shape);
        Variable states = Each(view.StateSize, view.State), actions = Each(view.ActionSize, view.Action);
        var twins = new TwinMlp(layout.Twin, critic.Target.ToArray());
        var input = Matrices.Concatenate(actions, states);
        double[] first = twins.Forward("q1", input).Values, second = twins.Forward("q2", input).Values, values = new TwinMlp(layout.Value, critic.Value!.ToArray()).Forward("v", states).Values;
        int capped = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            double expected = Math.Min(Math.Exp(Scale * (Math.Min(first[i], second[i]) - values[i])), Cap);
            Assert.Equal(expected, weights[i], 1e-4 * expected);
            capped += weights[i] == Cap ? 1 : 0;
        }

        Assert.InRange(capped, 1, rows.Length - 1);

        Variable Each(int size, RowOf row) => Variable.Leaf(rows.Length, size, [.. rows.SelectMany(each => row(each).ToArray()).Select(x => (double)x)]);
    }

    private delegate ReadOnlySpan<float> RowOf(int row);
}

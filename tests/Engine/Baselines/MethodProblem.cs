using EDA.Engine.Baselines;
using EDA.Engine.Data;
using EDA.Engine.Runs;
using EDA.Kernels;
using EDA.Tests.Golden;
using EDA.Tests.Twin;

namespace EDA.Tests.Engine.Baselines;

/// <summary>A few transitions, the rows of a step's batch, and what a learner makes of them.</summary>
internal sealed class MethodProblem
{
    public const int Count = 20, StateSize = 3, ActionSize = 2, Batch = 6, Width = 32;
    public const double Discount = 0.99;

    public static readonly RandomDraw Draw = new(7, RandomStage.Method, 3);

    private readonly Random _random = new(5);

    public MethodProblem()
    {
        (States, NextStates) = (Numbers(Count * StateSize), Numbers(Count * StateSize));
        (Actions, Rewards) = (Numbers(Count * ActionSize), Numbers(Count));
        Terminals = [.. Enumerable.Range(0, Count).Select(i => i % 4 == 0 ? 1f : 0f)];
        Rows = [.. Enumerable.Range(0, Batch).Select(i => Philox.Index(Philox.Word(Draw, RandomPurpose.BatchIndex, (ulong)i), Count))];
        Assert.Contains(1, Rows.Select(row => Terminals[row]));
    }

    public float[] States { get; }

    public float[] NextStates { get; }

    public float[] Actions { get; }

    public float[] Rewards { get; }

    public float[] Terminals { get; }

    public int[] Rows { get; }

    public static RunSettings Run(MethodSettings method) => new() { Seed = 11, CriticWidth = Width, Method = method };

    public TransitionDataset Upload(IDevice device) => TransitionDataset.Upload(device, States, Actions, Rewards, Terminals, NextStates, StateSize, ActionSize);

    /// <summary>The rows of the batch, each several times.</summary>
    public Variable Of(float[] values, int repeats = 1)
    {
        int width = values.Length / Count;
        return Variable.Leaf(Batch * repeats, width, [.. Rows.SelectMany(row => Enumerable.Repeat(row, repeats)).SelectMany(row => values.AsSpan(row * width, width).ToArray()).Select(x => (double)x)]);
    }

    /// <summary>r + γ(1 − d)V(s') of each row of the batch.</summary>
    public Variable Backup(double[] nextValues) =>
        Variable.Leaf(Batch, 1, [.. Rows.Select((row, i) => Rewards[row] + (Discount * (1 - Terminals[row]) * nextValues[i]))]);

    /// <summary>Standard normals as a learner draws them.</summary>
    public static double[] Normals(RandomPurpose purpose, int count, int first = 0) => [.. Enumerable.Range(first, count).Select(i => (double)Philox.Normal(Draw, purpose, (ulong)i))];

    /// <summary>Makes parameters larger than initial ones, so that nothing is nearly linear, and the averages other than them.</summary>
    public void Enlarge(MethodLearning learning)
    {
        foreach (var trained in learning.Trained)
        {
            trained.Values.CopyFrom([.. trained.Values.ToArray().Select(x => 2 * x)]);
            trained.Average!.CopyFrom([.. trained.Values.ToArray().Select(x => x + (0.02f * (float)_random.NextDouble()))]);
        }
    }

    public static Variable MeanSquare(Variable error) => (1.0 / error.Values.Length) * Matrices.Sum(error * error);

    /// <summary>The mean of numbers.</summary>
    public static Variable Mean(Variable numbers) => (1.0 / numbers.Values.Length) * Matrices.Sum(numbers);

    /// <summary>A gradient on the device is the twin's, relative in norm.</summary>
    public static void RequireGradient(double[] expected, DeviceArray<float> actual, double factor = 1)
    {
        double error = Deviation.Relative(Array.ConvertAll(actual.ToArray(), x => x * factor), expected);
        Assert.True(error < 2e-5, $"off by {error:E2}");
    }

    private float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)((2 * _random.NextDouble()) - 1))];
}

using EDA.Engine.Data;
using EDA.Engine.Environments;
using EDA.Engine.Runs;
using EDA.Kernels;
using EDA.Kernels.Cpu;

namespace EDA.Samples;

/// <summary>An environment of one's own, as a row of the table: a corridor of two steps, whose reward is how far one walks.</summary>
public static class OwnEnvironment
{
    /// <param name="folder">The run's folder.</param>
    /// <returns>The mean return of behavior and policy.</returns>
    public static (double Behavior, double Policy) Run(string folder)
    {
        using var row = EnvironmentCatalogue.Table.Add(new CorridorKind());
        var task = DatasetTask.AnyFile.In("corridor");
        var settings = RunBudgets.Get("smoke", task);

        using var device = new CpuDevice();
        Directory.CreateDirectory(folder);
        var inputs = new RunInputs(RandomWalks(2000), EnvironmentCatalogue.Find("corridor"));
        var scores = new RunPipeline(device, task, inputs, settings, new StageFiles(folder)).Run().Scores;
        Console.WriteLine($"return of the behavior {scores["behavior"].ReturnMean:0.00}, of the policy {scores["policy"].ReturnMean:0.00}; 2 is the most");
        return (scores["behavior"].ReturnMean, scores["policy"].ReturnMean);
    }

    /// <summary>Random steps, a reward as large as the step.</summary>
    public static OfflineDataset RandomWalks(int rows)
    {
        var random = new Random(4);
        float[] actions = [.. Enumerable.Range(0, rows).Select(_ => (float)((2 * random.NextDouble()) - 1))];
        float[] places = [.. Enumerable.Range(0, rows).Select(row => row % 2 == 0 ? 0 : actions[row - 1])];
        bool[] timeouts = [.. Enumerable.Range(0, rows).Select(row => row % 2 == 1)];
        return OfflineDataset.Create(places, 1, actions, 1, [.. actions], new bool[rows], timeouts, DatasetProvenance.Generated("walks"));
    }

    /// <summary>One number of state, one of action, two steps.</summary>
    public sealed class CorridorKind : EnvironmentKind
    {
        public override EnvironmentDescription Description { get; } = new(
            "corridor", "walk two steps", [new("place", "m")], [Variable.Action("step", "m")], Positions: 1, Velocities: 0, StepLimit: 2, StepSeconds: 1, new ReferenceReturns(0, 2), D4rlDomain.Other);

        public override bool NeedsMujoco => false;

        public override IEnvironment Create() => new Corridor(Description);
    }

    private sealed class Corridor(EnvironmentDescription description) : IEnvironment
    {
        private double _place;
        private int _steps;

        public EnvironmentDescription Description => description;

        public void Reset(in RandomDraw episode, Span<double> observation) => Restore(episode, [0], [], observation);

        public void Restore(in RandomDraw episode, ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, Span<double> observation)
        {
            (_place, _steps) = (positions[0], 0);
            observation[0] = _place;
        }

        public void ReadState(Span<double> positions, Span<double> velocities) => positions[0] = _place;

        public StepOutcome Step(ReadOnlySpan<double> action, Span<double> observation)
        {
            observation[0] = _place += Math.Clamp(action[0], -1, 1);
            return new StepOutcome(action[0], Terminated: false, Truncated: ++_steps >= description.StepLimit);
        }

        public void Dispose()
        {
        }
    }
}

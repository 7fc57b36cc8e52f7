using System.Diagnostics;
using EDA.Bench.Devices;
using EDA.Bench.Kernels;
using EDA.Engine.Alignment;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Stages;
using EDA.Host.Reports;
using EDA.Kernels;

namespace EDA.Bench.Steps;

/// <summary>How much is timed.</summary>
/// <param name="Block">Steps between two looks at the clock.</param>
/// <param name="Blocks">How often; the median counts.</param>
/// <param name="StageSteps">Steps of a whole training stage.</param>
/// <param name="StageStates">States that a whole sampling stage draws 16 candidates for.</param>
internal sealed record StepTimesSize(int Block, int Blocks, int StageSteps, int StageStates);

/// <summary>
/// Steps as users get them, the engine's own stages: batch, randomness, gradient, Adam, reports, and no copy but the loss
/// at the end of a block. Times are the host's, from one moment when the device has finished to another.
/// </summary>
internal sealed class StepTimes : IDisposable
{
    private const int DatasetRows = 100_000;
    private const int DataStates = 20_000;

    private readonly IDevice _device;
    private readonly WorkloadSize _size;
    private readonly List<IDisposable> _owned = [];
    private readonly BottleneckDiffusionModel _behavior;
    private readonly BottleneckDiffusionModel _policy;
    private readonly BehaviorDataset _data;
    private readonly AlignmentDataset _alignment;
    private readonly float[] _states;

    public StepTimes(IDevice device, WorkloadSize size)
    {
        (_device, _size) = (device, size);
        var shape = size.Shape;
        var random = new Random(3);
        _behavior = Own(BottleneckDiffusionModel.Create(device, shape, 1));
        _policy = Own(_behavior.Copy());
        _states = Values(random, DatasetRows * shape.StateSize);
        _data = Own(new BehaviorDataset(device, Values(random, DatasetRows * shape.ActionSize), shape.ActionSize, _states, shape.StateSize));
        _alignment = Own(new AlignmentDataset(
            device, Values(random, DataStates * size.Candidates * shape.ActionSize), Values(random, DataStates * size.Candidates), shape.ActionSize, size.Candidates,
            _states.AsSpan(0, DataStates * shape.StateSize), shape.StateSize));
    }

    /// <summary>Times everything.</summary>
    /// <param name="times">How much.</param>
    /// <param name="output">Told how it goes.</param>
    /// <returns>The times.</returns>
    public StepsDocument Measure(StepTimesSize times, TextWriter output)
    {
        var steps = new Dictionary<string, double>();
        var stages = new Dictionary<string, double>();
        // Everything runs before anything is timed: what is compiled or recorded late is there, and clocks are up.
        using (var pretraining = Pretraining(long.MaxValue >> 40))
            steps["pretraining_step"] = PerStep(times, until => pretraining.Run(until: until));
        using (var alignment = Alignment(long.MaxValue >> 40))
            steps["alignment_step"] = PerStep(times, until => alignment.Run(until: until));
        using (var workload = new BdmWorkload(_device, _size))
        {
            steps["score"] = PerRun(times, workload.Score);
            steps["sampling"] = PerRun(times with { Block = Math.Max(1, times.Block / 20) }, workload.Sampling);
        }

        // A whole step of implicit Q-learning is one operation: batch, V, twins, Adam, target.
        using (var critic = new CriticWorkload(_device, new CriticShape(_size.Shape.StateSize, _size.Shape.ActionSize, _size.Shape.Width)))
            steps["iql_step"] = PerRun(times, critic.ImplicitStep);

        foreach (var (name, seconds) in steps)
            output.WriteLine($"{name,-24} {seconds * 1e3,10:f3} ms");
        using (var pretraining = Pretraining(times.StageSteps))
            Stage("behavior", times.StageSteps, () => pretraining.Run());
        using (var alignment = Alignment(times.StageSteps))
            Stage("alignment", times.StageSteps, () => alignment.Run());
        Stage("candidates", times.StageStates, () => Candidates(times.StageStates));
        var (program, version, mode) = _device is IReferenceDevice reference ? (reference.Program, reference.Version, "eager") : ("eda", ProgramVersion.Engine, "as run");
        return new StepsDocument(program, version, mode, _device.Name, (_device as IMeasuredDevice)?.PrecisionName ?? "fp32", steps, stages);

        void Stage(string name, int count, Action run)
        {
            _device.Synchronize();
            long start = Stopwatch.GetTimestamp();
            run();
            _device.Synchronize();
            string key = $"{name}_{count}";
            stages[key] = Stopwatch.GetElapsedTime(start).TotalSeconds;
            output.WriteLine($"{key,-24} {stages[key],10:f3} s");
        }
    }

    public void Dispose()
    {
        foreach (var owned in _owned)
            owned.Dispose();
    }

    private static float[] Values(Random random, int count)
    {
        var values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = (float)((2 * random.NextDouble()) - 1);
        return values;
    }

    private BehaviorPretraining Pretraining(long steps) =>
        new(new PretrainingSettings { Batch = _size.PretrainingRows, Steps = steps, ReportEvery = 1000 }, _behavior, _data, 1);

    private PolicyAlignment Alignment(long steps) =>
        new(new AlignmentSettings { States = _size.AlignmentStates, Candidates = _size.Candidates, Steps = steps, ReportEvery = 1000 }, _policy, _behavior, _alignment, 1);

    // K actions for each state, as the alignment dataset is made; what is drawn comes back to the host.
    private void Candidates(int states)
    {
        int size = _size.Shape.StateSize, part = Math.Min(states, DatasetRows);
        for (int first = 0; first < states; first += part)
        {
            int count = Math.Min(part, states - first);
            _behavior.Sample(count, _size.Candidates, new RandomDraw(1, RandomStage.Evaluation, (uint)first), _states.AsSpan(0, count * size));
        }
    }

    private double PerStep(StepTimesSize times, Action<long> runUntil)
    {
        long done = times.Block;
        runUntil(done);
        return PerRun(times, null, () => runUntil(done += times.Block));
    }

    private double PerRun(StepTimesSize times, Action run)
    {
        for (int warmUp = 0; warmUp < 3; warmUp++)
            run();
        return PerRun(times, run, null);
    }

    private double PerRun(StepTimesSize times, Action? run, Action? block)
    {
        var seconds = new List<double>();
        for (int i = 0; i < times.Blocks; i++)
        {
            _device.Synchronize();
            long start = Stopwatch.GetTimestamp();
            for (int n = 0; run is not null && n < times.Block; n++)
                run();
            block?.Invoke();
            _device.Synchronize();
            seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds / times.Block);
        }

        return Statistics.Median(seconds);
    }

    private T Own<T>(T value)
        where T : IDisposable
    {
        _owned.Add(value);
        return value;
    }
}

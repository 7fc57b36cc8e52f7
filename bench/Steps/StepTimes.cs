using System.Diagnostics;
using EDA.Bench.Devices;
using EDA.Bench.Kernels;
using EDA.Host.Reports;
using EDA.Kernels;

namespace EDA.Bench.Steps;

/// <summary>How much is timed.</summary>
/// <param name="Block">Steps between two looks at the clock.</param>
/// <param name="Blocks">How often; the median counts.</param>
/// <param name="StageSteps">Steps of a whole training stage.</param>
/// <param name="StageStates">States that a whole sampling stage draws 16 candidates for.</param>
/// <param name="Only"><see cref="OnlySteps"/> or <see cref="OnlyStages"/>; null for both.</param>
internal sealed record StepTimesSize(int Block, int Blocks, int StageSteps, int StageStates, string? Only = null)
{
    /// <summary>Steps alone.</summary>
    public const string OnlySteps = "steps";

    /// <summary>Stages alone.</summary>
    public const string OnlyStages = "stages";
}

/// <summary>
/// Times the steps of <see cref="StepSource"/> and whole stages. Times are the host's, from one moment when the device has
/// finished to another; nothing is copied but the loss at the end of a block.
/// </summary>
internal sealed class StepTimes : IDisposable
{
    private readonly IDevice _device;
    private readonly WorkloadSize _size;
    private readonly StepSource _source;

    public StepTimes(IDevice device, WorkloadSize size) => (_device, _size, _source) = (device, size, new StepSource(device, size));

    /// <summary>Times everything.</summary>
    /// <param name="times">How much.</param>
    /// <param name="output">Told how it goes.</param>
    /// <returns>The times.</returns>
    public StepsDocument Measure(StepTimesSize times, TextWriter output)
    {
        var steps = new Dictionary<string, double>();
        var stages = new Dictionary<string, double>();
        foreach (string name in times.Only == StepTimesSize.OnlyStages ? [] : StepSource.Names)
        {
            using var step = _source.Open(name);
            // Everything runs before anything is timed: what is compiled or recorded late is there, and clocks are up.
            int block = name == "sampling" ? Math.Max(1, times.Block / 20) : times.Block;
            step.Run(Math.Max(3, block));
            steps[name] = PerStep(step, block, times.Blocks);
            output.WriteLine($"{name,-24} {steps[name] * 1e3,10:f3} ms");
        }

        if (times.Only != StepTimesSize.OnlySteps)
        {
            using (var pretraining = _source.Pretraining(times.StageSteps))
                Stage("behavior", times.StageSteps, () => pretraining.Run());
            using (var alignment = _source.Alignment(times.StageSteps))
                Stage("alignment", times.StageSteps, () => alignment.Run());
            Stage("candidates", times.StageStates, () => Candidates(times.StageStates));
        }

        var (program, version, mode) = _device is IReferenceDevice reference ? (reference.Program, reference.Version, "eager") : ("eda", ProgramVersion.Engine, "as run");
        return new StepsDocument(program, version, mode, _device.Name, _device.PrecisionName, steps, stages);

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

    public void Dispose() => _source.Dispose();

    // K actions for each state, as the alignment dataset is made; what is drawn comes back to the host.
    private void Candidates(int states)
    {
        int size = _size.Shape.StateSize, part = Math.Min(states, _source.States.Length / size);
        for (int first = 0; first < states; first += part)
        {
            int count = Math.Min(part, states - first);
            _source.Behavior.Sample(count, _size.Candidates, new RandomDraw(1, RandomStage.Evaluation, (uint)first), _source.States.AsSpan(0, count * size));
        }
    }

    private double PerStep(OpenStep step, int block, int blocks)
    {
        var seconds = new List<double>();
        for (int i = 0; i < blocks; i++)
        {
            _device.Synchronize();
            long start = Stopwatch.GetTimestamp();
            step.Run(block);
            _device.Synchronize();
            seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds / block);
        }

        return Statistics.Median(seconds);
    }
}

using EDA.Bench.Devices;
using EDA.Bench.Kernels;
using EDA.Bench.Timing;
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
/// Times the steps that programs are compared by, and whole stages. Times are the host's, from one moment when the device has
/// finished to another; nothing is copied but the loss at the end of a block.
/// </summary>
internal static class StepTimes
{
    /// <summary>Times everything.</summary>
    /// <param name="device">The device.</param>
    /// <param name="size">How large steps are.</param>
    /// <param name="times">How much is timed.</param>
    /// <param name="output">Told how it goes.</param>
    /// <returns>The times.</returns>
    public static StepsDocument Measure(IDevice device, WorkloadSize size, StepTimesSize times, TextWriter output)
    {
        var steps = new Dictionary<string, double>();
        var stages = new Dictionary<string, double>();
        using var workload = new Workload(device, size);
        foreach (string name in times.Only == StepTimesSize.OnlyStages ? [] : Workload.Compared)
        {
            var step = workload.Step(name);
            // Everything runs before anything is timed: what is compiled or recorded late is there, and clocks are up.
            int block = name == "sampling" ? Math.Max(1, times.Block / 20) : times.Block;
            step.Repeat(Math.Max(3, block));
            var turn = new Turn(() => DeviceClock.HostSeconds(device, () => step.Repeat(block)) / block);
            Turns.Take([turn], times.Blocks);
            steps[name] = turn.Median;
            output.WriteLine($"{name,-24} {steps[name] * 1e3,10:f3} ms");
        }

        if (times.Only != StepTimesSize.OnlySteps)
        {
            using (var pretraining = workload.Stages.Pretraining(times.StageSteps))
                Stage("behavior", times.StageSteps, () => pretraining.Run());
            using (var alignment = workload.Stages.Alignment(times.StageSteps))
                Stage("alignment", times.StageSteps, () => alignment.Run());
            Stage("candidates", times.StageStates, () => workload.Stages.Candidates(times.StageStates));
        }

        var (program, version, mode) = device is IReferenceDevice reference ? (reference.Program, reference.Version, "eager") : ("eda", ProgramVersion.Engine, "as run");
        return new StepsDocument(program, version, mode, device.Name, device.PrecisionName, steps, stages);

        void Stage(string name, int count, Action run)
        {
            string key = $"{name}_{count}";
            stages[key] = DeviceClock.HostSeconds(device, run);
            output.WriteLine($"{key,-24} {stages[key],10:f3} s");
        }
    }
}

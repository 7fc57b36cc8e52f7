using System.CommandLine;
using EDA.Bench.Devices;
using EDA.Bench.Kernels;
using EDA.Host.CommandLine;

namespace EDA.Bench.Steps;

/// <summary>eda bench steps: training steps and whole stages, to stand beside other programs'.</summary>
internal static class StepsCommand
{
    // A call for 4096 states takes a processor half a minute.
    private const int ProcessorSampleStates = 256;

    public static Command Create()
    {
        var options = new MeasurementOptions("list of times", StepsDocument.Is);
        var stageSteps = new Option<string?>("--stage-steps") { Description = "steps of a whole training stage (2000 on a GPU, 4 if small, else 20)", HelpName = "N" };
        var stageStates = new Option<string?>("--stage-states") { Description = "states that a whole sampling stage draws 16 candidates for (1000000 on a GPU, 8 if small, else 4096)", HelpName = "N" };
        var only = new Option<string?>("--only") { Description = $"{StepTimesSize.OnlySteps} or {StepTimesSize.OnlyStages} (both)", HelpName = "WHAT" };
        return options.Create("steps", "training steps, sampling and whole stages, as users get them", [stageSteps, stageStates, only], result =>
        {
            var choice = options.Device(result);
            string? json = options.Json(result);
            if (result.GetValue(only) is { } what && what is not (StepTimesSize.OnlySteps or StepTimesSize.OnlyStages))
                throw UserError.Choice(only.Name, what, [StepTimesSize.OnlySteps, StepTimesSize.OnlyStages]);
            bool isSmall = options.IsSmall(result);
            var usual = choice switch
            {
                _ when isSmall => new StepTimesSize(2, 3, 4, 8),
                { IsCuda: true } => new StepTimesSize(100, 15, 2000, 1_000_000),
                _ => new StepTimesSize(2, 5, 20, 4096),
            };
            var size = usual with
            {
                StageSteps = MeasurementOptions.WholeNumber(result, stageSteps, 1, 100_000_000) ?? usual.StageSteps,
                StageStates = MeasurementOptions.WholeNumber(result, stageStates, 1, 100_000_000) ?? usual.StageStates,
                Only = result.GetValue(only),
            };
            using var device = choice.Open();
            Console.WriteLine($"device  {device.Name}");
            var document = StepTimes.Measure(device, WorkloadSize.Of(isSmall, choice.IsCuda ? null : ProcessorSampleStates), size, Console.Out);
            if (json is not null)
                document.Save(json);
            return ExitStatus.Success;
        });
    }
}

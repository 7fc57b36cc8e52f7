using System.CommandLine;
using EDA.Bench.Devices;
using EDA.Bench.Kernels;
using EDA.Host.CommandLine;

namespace EDA.Bench.Steps;

/// <summary>eda bench steps: training steps and whole stages, to stand beside other programs'.</summary>
internal static class StepsCommand
{
    private const int ProcessorSampleStates = 256;

    public static Command Create()
    {
        var device = DeviceOptions.Device();
        var precision = DeviceOptions.Precision();
        var noGraphs = DeviceOptions.NoGraphs();
        var stageSteps = new Option<string?>("--stage-steps") { Description = "steps of a whole training stage (2000 on a GPU, 4 if small, else 20)", HelpName = "N" };
        var stageStates = new Option<string?>("--stage-states") { Description = "states that a whole sampling stage draws 16 candidates for (1000000 on a GPU, 8 if small, else 4096)", HelpName = "N" };
        var only = new Option<string?>("--only") { Description = $"{StepTimesSize.OnlySteps} or {StepTimesSize.OnlyStages} (both)", HelpName = "WHAT" };
        var small = new Option<bool>("--small") { Description = "small networks, batches and counts" };
        var json = new Option<string?>("--json") { Description = "also write the times to this file", HelpName = "FILE" };
        var command = new Command("steps", "training steps, sampling and whole stages, as users get them") { device, precision, noGraphs, stageSteps, stageStates, only, small, json };
        command.SetAction(result =>
        {
            var choice = DeviceOptions.Choice(result, device, precision, noGraphs);
            if (result.GetValue(json) is { } path)
                JsonDestination.Check(path, "earlier times", StepsDocument.Is);
            if (result.GetValue(only) is { } what && what is not (StepTimesSize.OnlySteps or StepTimesSize.OnlyStages))
                throw UserError.Choice(only.Name, what, [StepTimesSize.OnlySteps, StepTimesSize.OnlyStages]);
            bool isSmall = result.GetValue(small);
            var usual = choice switch
            {
                _ when isSmall => new StepTimesSize(2, 3, 4, 8),
                { IsCuda: true } => new StepTimesSize(100, 15, 2000, 1_000_000),
                _ => new StepTimesSize(2, 5, 20, 4096),
            };
            var size = usual with
            {
                StageSteps = DeviceOptions.WholeNumber(result, stageSteps, 1, 100_000_000) ?? usual.StageSteps,
                StageStates = DeviceOptions.WholeNumber(result, stageStates, 1, 100_000_000) ?? usual.StageStates,
                Only = result.GetValue(only),
            };
            using var opened = choice.Open();
            Console.WriteLine($"device  {opened.Name}");
            var workload = choice switch
            {
                _ when isSmall => WorkloadSize.Small,
                { IsCuda: true } => WorkloadSize.Published,
                // A call for 4096 states takes a processor half a minute.
                _ => WorkloadSize.Published with { SampleStates = ProcessorSampleStates },
            };
            using var times = new StepTimes(opened, workload);
            var document = times.Measure(size, Console.Out);
            if (result.GetValue(json) is { } file)
                document.Save(file);
            return ExitStatus.Success;
        });
        return command;
    }
}

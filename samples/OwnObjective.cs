using EDA.Engine.Alignment;
using EDA.Engine.Runs;
using EDA.Kernels.Cpu;

namespace EDA.Samples;

/// <summary>An objective of one's own: the value objective (Eq. 14) with labels twice as sharp, as a row of the table.</summary>
public static class OwnObjective
{
    /// <param name="folder">The run's folder.</param>
    /// <returns>The mean Q of the aligned policy.</returns>
    public static double Run(string folder)
    {
        // From now on it is known by its name: to settings, to config.json and to the command line of this program.
        using var row = ObjectiveKind.Table.Add(new ObjectiveKind("twice", (temperature, labelScale) => new ValueObjective(temperature, 2 * labelScale)));

        var task = RunTask.Table.Find("bandit-moons");
        var settings = RunBudgets.Get("smoke", task);
        settings = settings with { Alignment = settings.Alignment.With(ObjectiveKind.Table.Find("twice")) };

        using var device = new CpuDevice();
        Directory.CreateDirectory(folder);
        var result = new RunPipeline(device, task, new RunInputs(), settings, new StageFiles(folder)).Run();
        Console.WriteLine($"mean Q {result.Exact!.Metrics.PolicyMeanQ:0.000} with the objective {settings.Alignment.Objective}");
        return result.Exact.Metrics.PolicyMeanQ;
    }
}

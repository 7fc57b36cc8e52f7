using EDA.Engine.Data;
using EDA.Engine.Environments;
using EDA.Engine.Environments.Mazes;
using EDA.Engine.Runs;
using EDA.Kernels.Cpu;

namespace EDA.Samples;

/// <summary>From a dataset's file to a policy that is rolled out: what <c>eda run d4rl --dataset FILE --env pointmaze-umaze</c> does.</summary>
public static class DatasetToPolicy
{
    /// <param name="file">The dataset; collected first if it is not there.</param>
    /// <param name="folder">The run's folder. If it holds an interrupted run, this goes on with it.</param>
    /// <returns>The scores by policy.</returns>
    public static IReadOnlyDictionary<string, double> Run(string file, string folder)
    {
        if (!File.Exists(file))
            DatasetFile.Write(PointMazeCollector.Collect(PointMazeTask.UMaze, new PointMazeCollection { Rows = 5000 }), file);
        var dataset = OfflineDataset.Load(file);
        Console.WriteLine($"{dataset.Count} rows, S = {dataset.StateSize}, A = {dataset.ActionSize}, {dataset.Episodes.Count} episodes");

        // A task says which stages there are, a budget how long each trains; every setting is a property.
        var task = DatasetTask.AnyFile.In("pointmaze-umaze");
        var settings = RunBudgets.Get("smoke", task);
        settings = settings with { Behavior = settings.Behavior with { Steps = 300 }, Evaluation = settings.Evaluation with { Episodes = 10 } };

        using var device = new CpuDevice();
        Directory.CreateDirectory(folder);
        var inputs = new RunInputs(dataset, EnvironmentCatalogue.Find(task.Environment));
        var result = new RunPipeline(device, task, inputs, settings, new StageFiles(folder)).Run();
        foreach (var (name, score) in result.Scores)
            Console.WriteLine($"{name}: {score.NormalizedMean:0.0} ± {score.NormalizedStd:0.0} over {score.Episodes} episodes");
        return result.Scores.ToDictionary(entry => entry.Key, entry => entry.Value.NormalizedMean);
    }
}

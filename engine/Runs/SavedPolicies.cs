using EDA.Engine.Environments;
using EDA.Engine.Evaluation;
using EDA.Kernels;

namespace EDA.Engine.Runs;

/// <summary>The policies of a run's folder, to act by: those that its evaluation rolls out, of EDA or of another method. No dataset is read.</summary>
public static class SavedPolicies
{
    /// <summary>Opens them.</summary>
    /// <param name="device">Where they act.</param>
    /// <param name="task">The run's task, of datasets.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="files">Its files.</param>
    /// <returns>The policies by the names of their scores, owned by the caller.</returns>
    /// <exception cref="InvalidSettingException">The task is none of datasets: a bandit has no states to act in.</exception>
    /// <exception cref="UnfinishedStageException">The folder holds none yet.</exception>
    /// <exception cref="InvalidFileException">Weights are broken, or not of these settings.</exception>
    public static Contenders Open(IDevice device, RunTask task, RunSettings settings, StageFiles files)
    {
        if (task is not DatasetTask)
            throw new InvalidSettingException("run", task.Name, "a run on a dataset: a bandit has no states to act in");
        var inputs = new RunInputs(Environment: EnvironmentCatalogue.Find(settings.Environment));
        var rollouts = task.Stages([settings], inputs).OfType<ContenderStage>().Single();
        return rollouts.Open(new StageWork(device, [new SeedRun(settings, files)], null, CancellationToken.None));
    }
}

using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Runs;

/// <summary>A critic with all that its training needs, by whichever method the settings name.</summary>
internal sealed class CriticInTraining : IDisposable
{
    private readonly TransitionDataset _data;
    private readonly DeterministicPolicy? _policy;
    private readonly CriticLearning _learning;

    /// <param name="work">Device, settings, and what moves the networks.</param>
    /// <param name="view">The transitions.</param>
    /// <param name="nextActions">What a softmax critic backs up from; null for the others.</param>
    /// <param name="online">The policy that an online critic samples from; null for the others.</param>
    public CriticInTraining(StageWork work, QLearningView view, RowStore? nextActions, BottleneckDiffusionModel? online)
    {
        var (device, run, settings, optimizer) = (work.Device, work.Settings, work.Settings.Critic, work.Optimizer);
        var shape = new CriticShape(view.StateSize, view.ActionSize, run.CriticWidth);
        _data = TransitionDataset.Upload(device, view, run.Rewards);
        Critic = Critic.Create(device, shape, run.Seed, settings.Method.HasValue);
        Critic.ClipsActions = settings.ClipsActions;
        _policy = settings.Method.TrainsPolicy(settings) ? DeterministicPolicy.Create(device, shape, run.Seed) : null;
        _learning = settings.Method.Learn(new CriticParts(settings, Critic, _data, nextActions, online, _policy, optimizer, work.Memory));
        if (optimizer is not null && _learning.Optimizer is null)
            throw new InvalidSettingException("optimizer.name", run.Optimizer.Name, $"{OptimizerKind.Adam} with the critic {settings.Method}, which hands no other to its networks");
        Training = new CriticTraining(_learning, run.Seed);
    }

    /// <summary>The critic.</summary>
    public Critic Critic { get; }

    /// <summary>Its training.</summary>
    public CriticTraining Training { get; }

    /// <summary>Writes the critic's weights and those of its own policy.</summary>
    /// <exception cref="TrainingDivergedException">One of them is not a number; nothing is written.</exception>
    public void SaveWeights(StageFiles files)
    {
        var critic = Critic.ToWeights();
        var policy = _policy?.ToWeights();
        if (((float[]?[])[critic.Twin, critic.Target, critic.Value, policy?.Parameters]).Any(weights => weights is not null && !Array.TrueForAll(weights, float.IsFinite)))
            throw new TrainingDivergedException(Training.Name, Training.Step, "a weight is not a number");
        critic.Save(files.CriticWeights, overwrite: true);
        policy?.Save(files.ImplicitPolicyWeights, overwrite: true);
    }

    public void Dispose()
    {
        Training.Dispose();
        _learning.Dispose();
        _policy?.Dispose();
        Critic.Dispose();
        _data.Dispose();
    }
}

using System.Globalization;
using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Kernels;

namespace EDA.Engine.Stages;

/// <summary>Trains a critic (method: section 4). It is valid after every step.</summary>
public sealed class CriticTraining : IDisposable
{
    /// <summary>The stage's name in reports.</summary>
    public const string StageName = "critic";

    private readonly CriticLearning _learning;
    private readonly ulong _seed;
    private readonly Dictionary<string, string> _identity;

    /// <summary>Prepares the stage.</summary>
    /// <param name="learning">What takes the steps; it holds critic, data and settings, and stays the caller's.</param>
    /// <param name="seed">The seed.</param>
    public CriticTraining(CriticLearning learning, ulong seed)
    {
        _learning = learning;
        _seed = seed;
        var (settings, shape) = (learning.Settings, learning.Critic.Shape);
        Loop = new TrainingLoop(learning.Critic.Device, StageName, settings.Steps, settings.ReportEvery, learning.Measured, TakeStep);
        _identity = new Dictionary<string, string>
        {
            ["stage"] = StageName,
            [TrainingState.SeedKey] = seed.ToString(CultureInfo.InvariantCulture),
            ["network"] = string.Create(CultureInfo.InvariantCulture, $"S={shape.StateSize} A={shape.ActionSize} H={shape.Width}"),
            ["data"] = learning.Fingerprint,
            [TrainingState.SettingsKey] = TrainingState.Describe(settings.Numerical),
        };
    }

    /// <summary>The steps done.</summary>
    public long Step => Loop.Step;

    /// <summary>The steps of the whole stage.</summary>
    public long Steps => _learning.Settings.Steps;

    /// <summary>The course of the steps.</summary>
    internal TrainingLoop Loop { get; }

    /// <summary>Trains until all steps are done, or fewer. Reports have <c>loss</c> (of the twins), <c>next_value</c> and, where there are, <c>value_loss</c> and <c>policy_loss</c>.</summary>
    /// <param name="observer">Is told how it goes; null for nobody.</param>
    /// <param name="until">Where to stop, in steps from the very first; null for all.</param>
    /// <param name="cancellation">Ends the run after the step under way.</param>
    /// <returns>What came out; cancellation is not an error.</returns>
    /// <exception cref="TrainingDivergedException">A loss or V is no longer a number.</exception>
    public StageResult Run(ITrainingObserver? observer = null, long? until = null, CancellationToken cancellation = default) =>
        Loop.Run(observer, until, cancellation);

    /// <summary>Writes everything the next step depends on but the data.</summary>
    /// <param name="path">The .safetensors file, replaced if there.</param>
    public void SaveState(string path) =>
        new TrainingState(Step, _identity, _learning.State.ToDictionary(array => array.Key, array => array.Value.ToArray())).Save(path);

    /// <summary>Goes on from a saved state, exactly as if there had been no break.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidFileException">It is not a state of this stage with these settings (reports apart, and steps where no learning rate depends on them), these networks, this data and this seed.</exception>
    public void LoadState(string path)
    {
        var state = TrainingState.Load(path, _identity);
        if (state.Step > _learning.Settings.Steps)
            throw new InvalidFileException(path, $"is {state.Step} steps old where the stage has {_learning.Settings.Steps}");
        var arrays = _learning.State.ToList();
        foreach (var (name, array) in arrays)
        {
            if (!state.Arrays.TryGetValue(name, out float[]? values) || values.Length != array.Length)
                throw new InvalidFileException(path, $"has no {name} of {array.Length} numbers");
        }

        foreach (var (name, array) in arrays)
            array.CopyFrom(state.Arrays[name]);
        Loop.Restart(state.Step);
    }

    /// <inheritdoc/>
    public void Dispose() => Loop.Dispose();

    private double TakeStep(long step, DeviceArray<float> measured)
    {
        _learning.Step(new RandomDraw(_seed, RandomStage.Critic, (uint)step), step, measured);
        return _learning.LearningRate(step);
    }
}

using System.Globalization;
using EDA.Engine.Checkpoints;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Critics;

/// <summary>
/// Trains a critic (method: section 4). It is valid after every step. Reports have <c>loss</c> (of the twins),
/// <c>next_value</c> and, where there are, <c>value_loss</c> and <c>policy_loss</c>.
/// </summary>
public sealed class CriticTraining : TrainingStage
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
        : base(learning.Critic.Device, StageName, learning.Settings.Steps, learning.Settings.ReportEvery, [.. learning.Measured], 1)
    {
        _learning = learning;
        _seed = seed;
        var (settings, shape) = (learning.Settings, learning.Critic.Shape);
        _identity = new Dictionary<string, string>
        {
            ["stage"] = StageName,
            [TrainingState.SeedKey] = seed.ToString(CultureInfo.InvariantCulture),
            ["network"] = string.Create(CultureInfo.InvariantCulture, $"S={shape.StateSize} A={shape.ActionSize} H={shape.Width}"),
            ["data"] = learning.Fingerprint,
            [TrainingState.SettingsKey] = TrainingState.Describe(settings.Numerical),
        };
        if (learning.Optimizer is { } optimizer)
            _identity["optimizer"] = optimizer;
    }

    /// <summary>Writes everything the next step depends on but the data.</summary>
    /// <param name="path">The .safetensors file, replaced if there.</param>
    public void SaveState(string path) =>
        new TrainingState(Step, _identity, new Dictionary<string, float[]>(_learning.Export())).Save(path);

    /// <summary>Goes on from a saved state, exactly as if there had been no break.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidFileException">It is not a state of this stage with these settings (reports apart, and steps where no learning rate depends on them), these networks, this data and this seed.</exception>
    public void LoadState(string path)
    {
        var state = TrainingState.Load(path, _identity);
        if (state.Step > _learning.Settings.Steps)
            throw new InvalidFileException(path, $"is {state.Step} steps old where the stage has {_learning.Settings.Steps}");
        try
        {
            _learning.Import(state.Arrays, state.Step);
        }
        catch (ArgumentException error)
        {
            throw new InvalidFileException(path, error.Message.Split(" (Parameter", 2)[0], error);
        }

        Restart(state.Step);
    }

    /// <inheritdoc/>
    private protected override double TakeStep(long step, DeviceArray<float> measured)
    {
        _learning.TakeStep(new RandomDraw(_seed, RandomStage.Critic, (uint)step), step, measured);
        return _learning.LearningRate(step);
    }
}

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
        _identity = TrainingState.On(new()
        {
            ["stage"] = StageName,
            [TrainingState.SeedKey] = seed.ToString(CultureInfo.InvariantCulture),
            ["network"] = string.Create(CultureInfo.InvariantCulture, $"S={shape.StateSize} A={shape.ActionSize} H={shape.Width}"),
            ["data"] = learning.Fingerprint,
            [TrainingState.SettingsKey] = TrainingState.Describe(settings.Numerical),
        }, learning.Critic.Device);
        if (learning.Optimizer is { } optimizer)
            _identity["optimizer"] = optimizer;
    }

    /// <summary>The identity of its saved states.</summary>
    internal IReadOnlyDictionary<string, string> Identity => _identity;

    /// <summary>Writes everything the next step depends on but the data.</summary>
    /// <param name="path">The .safetensors file; one that is there becomes <c>NAME.previous.safetensors</c> beside it.</param>
    /// <exception cref="TrainingDivergedException">A number of it is none.</exception>
    public void SaveState(string path)
    {
        var state = new TrainingState(Step, _identity, new Dictionary<string, float[]>(_learning.Export())) { Report = Reports[0] };
        state.RequireNumbers(StageName);
        state.Save(path);
    }

    /// <summary>Goes on from a saved state, exactly as if there had been no break.</summary>
    /// <param name="path">The file; where it is damaged, the one before is gone on from.</param>
    /// <param name="notice">Told if that happens; null for none.</param>
    /// <exception cref="InvalidFileException">It is not a state of this stage with these settings (reports apart, and steps where no learning rate depends on them), these networks, this data and this seed.</exception>
    public void LoadState(string path, Action<string>? notice = null) => Take(TrainingState.Load(path, _identity, notice), path);

    /// <summary>Goes on from a state that has been read.</summary>
    internal void Take(TrainingState state, string path)
    {
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

        Restart((state.Step, [state.Report]));
    }

    /// <inheritdoc/>
    private protected override double TakeStep(long step, DeviceArray<float> measured)
    {
        _learning.TakeStep(new RandomDraw(_seed, RandomStage.Critic, (uint)step), step, measured);
        return _learning.LearningRate(step);
    }
}

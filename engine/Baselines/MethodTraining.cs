using System.Globalization;
using EDA.Engine.Checkpoints;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Baselines;

/// <summary>Trains what a method beside EDA trains. It is valid after every step; reports have what the method measures.</summary>
public sealed class MethodTraining : TrainingStage
{
    private readonly MethodLearning _learning;
    private readonly ulong _seed;
    private readonly float[] _numbers;
    private readonly Dictionary<string, string> _identity;

    /// <summary>Prepares the stage.</summary>
    /// <param name="name">The stage's name in reports.</param>
    /// <param name="learning">What takes the steps; stays the caller's.</param>
    /// <param name="seed">The seed.</param>
    public MethodTraining(string name, MethodLearning learning, ulong seed)
        : base(learning.Device, name, learning.Steps.Steps, learning.Steps.ReportEvery, [.. learning.Measured], 1)
    {
        (_learning, _seed) = (learning, seed);
        _numbers = new float[learning.Measured.Count];
        _identity = TrainingState.On(new()
        {
            ["stage"] = name,
            ["method"] = learning.GetType().Name,
            [TrainingState.SeedKey] = seed.ToString(CultureInfo.InvariantCulture),
            ["network"] = string.Join(", ", learning.Trained.Select(trained => string.Create(CultureInfo.InvariantCulture, $"{trained.Name} {trained.Values.Length}"))),
            ["data"] = learning.Fingerprint,
            [TrainingState.SettingsKey] = TrainingState.Describe(learning.Numerical),
            ["optimizer"] = learning.Trained[0].Optimizer,
        }, learning.Device);
    }

    /// <summary>Writes everything the next step depends on but the data.</summary>
    /// <param name="path">The .safetensors file; one that is there becomes <c>NAME.previous.safetensors</c> beside it.</param>
    /// <exception cref="TrainingDivergedException">A number of it is none.</exception>
    public void SaveState(string path)
    {
        var state = new TrainingState(Step, _identity, new Dictionary<string, float[]>(_learning.Export())) { Report = Reports[0] };
        state.RequireNumbers(Name);
        state.Save(path);
    }

    /// <summary>Goes on from a saved state, exactly as if there had been no break.</summary>
    /// <param name="path">The file; where it is damaged, the one before is gone on from.</param>
    /// <param name="notice">Told if that happens; null for none.</param>
    /// <exception cref="InvalidFileException">It is not a state of this method with these settings, this data and this seed.</exception>
    public void LoadState(string path, Action<string>? notice = null)
    {
        var state = TrainingState.Load(path, _identity, notice);
        if (state.Step > Steps)
            throw new InvalidFileException(path, $"is {state.Step} steps old where the stage has {Steps}");
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
        double rate = _learning.Step(new RandomDraw(_seed, RandomStage.Method, (uint)step), step, _numbers);
        measured.CopyFrom(_numbers);
        return rate;
    }
}

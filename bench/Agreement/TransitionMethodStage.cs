using EDA.Bench.Verification;
using EDA.Engine.Baselines;
using EDA.Engine.Data;
using EDA.Engine.Runs;
using EDA.Kernels;

namespace EDA.Bench.Agreement;

/// <summary>
/// A method beside EDA, by its own learner: the random numbers that it draws are written down, and its networks begin with
/// weights that are.
/// </summary>
internal abstract class TransitionMethodStage : MethodStage
{
    protected const double Discount = 0.99, TargetRate = 0.005, LearningRate = 3e-4;

    private const double TerminalShare = 0.05;

    private readonly float[][] _data;
    private readonly Dictionary<string, (string Name, float[] Values)> _weights = [];

    protected TransitionMethodStage(string key, string title, AgreementSize size, Numbers numbers)
        : base(key, title, size)
    {
        int count = size.Transitions;
        Numbers = numbers;
        _data =
        [
            Tensor("states", [count, Shape.StateSize], numbers.Normal), Tensor("actions", [count, Shape.ActionSize], numbers.Uniform), Tensor("rewards", [count], numbers.Normal),
            Tensor("terminals", [count], () => 1 - numbers.Kept(TerminalShare)), Tensor("next_states", [count, Shape.StateSize], numbers.Normal),
        ];
        Rows(count);
        Constant("discount", Discount);
        Constant("target_rate", TargetRate);
        Constant("learning_rate", LearningRate);
    }

    protected Numbers Numbers { get; }

    /// <summary>The losses that are compared, each with its place in what the learner measures.</summary>
    protected abstract IReadOnlyList<(string Name, int Place)> Losses { get; }

    public override Course Run(IDevice device)
    {
        using var data = TransitionDataset.Upload(device, _data[0], _data[1], _data[2], _data[3], _data[4], Shape.StateSize, Shape.ActionSize);
        using var learning = Learn(device, Settings(), data);
        return Follow(learning, [.. learning.Trained.Select(trained => _weights[trained.Name])], Losses);
    }

    /// <summary>The method's settings, with batches of <see cref="AgreementSize.Rows"/>.</summary>
    protected abstract MethodSettings Method();

    protected abstract MethodLearning Learn(IDevice device, RunSettings run, TransitionDataset data);

    /// <summary>Gives the initial weights of what the learner trains, and those of its average.</summary>
    /// <param name="trained">The learner's name of it.</param>
    /// <param name="name">The name in the table.</param>
    /// <param name="layout">The order of the parameters.</param>
    protected void Followed(string trained, string name, MlpLayout layout)
    {
        float[] values = VerificationWeights.Mlp(layout, Numbers.Uniform);
        Network(name, layout.Slices, values);
        Network(name + "_average", layout.Slices, values);
        _weights[trained] = (name, values);
    }

    private RunSettings Settings() => new() { CriticWidth = Shape.Width, Method = Method() };
}

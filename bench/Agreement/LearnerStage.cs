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
internal abstract class LearnerStage : AgreementStage
{
    protected const double Discount = 0.99, TargetRate = 0.005, LearningRate = 3e-4;

    private const double TerminalShare = 0.05;

    private readonly float[][] _data;
    private readonly Dictionary<string, (string Name, float[] Values)> _weights = [];

    protected LearnerStage(string key, string title, AgreementSize size, Numbers numbers)
        : base(key, title, size)
    {
        int count = size.Transitions;
        Numbers = numbers;
        _data =
        [
            Tensor("states", [count, Shape.StateSize], numbers.Normal), Tensor("actions", [count, Shape.ActionSize], numbers.Uniform), Tensor("rewards", [count], numbers.Normal),
            Tensor("terminals", [count], () => 1 - numbers.Kept(TerminalShare)), Tensor("next_states", [count, Shape.StateSize], numbers.Normal),
        ];
        Drawn("indices", RandomPurpose.BatchIndex, [size.Rows], (draw, purpose, i) => Philox.Index(Philox.Word(draw, purpose, i), count));
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
        foreach (var trained in learning.Trained)
        {
            trained.Values.CopyFrom(_weights[trained.Name].Values);
            trained.Average!.CopyFrom(_weights[trained.Name].Values);
        }

        var losses = Losses.ToDictionary(loss => loss.Name, _ => new float[Steps]);
        var moved = new Dictionary<(int, string), float[]>();
        var measured = new float[learning.Measured.Count];
        for (int step = 0; step < Steps; step++)
        {
            learning.Step(Draw(step), step, measured);
            foreach (var (name, place) in Losses)
                losses[name][step] = measured[place];
            if (!Marks.Contains(step + 1))
                continue;
            foreach (var trained in learning.Trained)
            {
                var (name, before) = _weights[trained.Name];
                moved[(step + 1, name)] = Difference(trained.Values, before);
                moved[(step + 1, name + "_average")] = Difference(trained.Average!, before);
            }
        }

        return new Course(losses, moved);
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

    /// <summary>Gives the normals that the learner draws at every step.</summary>
    protected void Normals(string name, RandomPurpose purpose, params int[] shape) => Drawn(name, purpose, shape, (draw, of, i) => Philox.Normal(draw, of, i));

    /// <summary>Gives the whole numbers below a bound that it draws.</summary>
    protected void Indices(string name, RandomPurpose purpose, int bound, int count) => Drawn(name, purpose, [count], (draw, of, i) => Philox.Index(Philox.Word(draw, of, i), bound));

    private static float[] Difference(DeviceArray<float> now, float[] before) => [.. now.ToArray().Zip(before, (one, other) => (float)((double)one - other))];

    private void Drawn(string name, RandomPurpose purpose, int[] shape, Func<RandomDraw, RandomPurpose, ulong, float> number)
    {
        int count = shape.Aggregate(1, (product, length) => product * length), next = 0;
        Tensor(name, [Steps, .. shape], () =>
        {
            var (step, element) = Math.DivRem(next++, count);
            return number(Draw(step), purpose, (ulong)element);
        });
    }

    private RunSettings Settings() => new() { CriticWidth = Shape.Width, Method = Method() };
}

using EDA.Bench.Verification;
using EDA.Kernels;

namespace EDA.Bench.Agreement;

/// <summary>A critic's stage: transitions, the rows of every batch, and the constants that both kinds of critic have.</summary>
internal abstract class CriticStage : AgreementStage
{
    protected const float Discount = 0.99f;
    protected const float TargetRate = 0.005f;
    protected const double LearningRate = 3e-4;

    private const double TerminalShare = 0.05;

    private readonly float[][] _data;
    private readonly float[] _indices;

    protected CriticStage(string key, string title, AgreementSize size, Numbers numbers)
        : base(key, title, size)
    {
        int count = size.Transitions;
        Numbers = numbers;
        CriticShape = new CriticShape(Shape.StateSize, Shape.ActionSize, Shape.Width);
        Layout = new CriticLayout(CriticShape);
        Twin = Network("twin", Layout.Twin.Slices, VerificationWeights.Mlp(Layout.Twin, numbers.Uniform));
        Network("target", Layout.Twin.Slices, Twin);
        _data =
        [
            Tensor("states", [count, Shape.StateSize], numbers.Normal), Tensor("actions", [count, Shape.ActionSize], numbers.Uniform), Tensor("rewards", [count], numbers.Normal),
            Tensor("terminals", [count], () => 1 - numbers.Kept(TerminalShare)), Tensor("next_states", [count, Shape.StateSize], numbers.Normal),
        ];
        _indices = Tensor("indices", [Steps, size.Rows], () => numbers.Index(count));
        Constant("discount", Discount);
        Constant("target_rate", TargetRate);
        Constant("learning_rate", LearningRate);
    }

    protected Numbers Numbers { get; }

    protected CriticShape CriticShape { get; }

    protected CriticLayout Layout { get; }

    /// <summary>The twins' initial weights, and their targets'.</summary>
    protected float[] Twin { get; }

    protected static CriticUpdate Update(int step) => new(new AdamSettings(LearningRate), step + 1, TargetRate);

    /// <summary>The dataset on a device.</summary>
    protected Transitions Upload(CriticArrays arrays) =>
        new(arrays.Upload(_data[0]), arrays.Upload(_data[1]), arrays.Upload(_data[2]), arrays.Upload(_data[3]), arrays.Upload(_data[4]), Size.Transitions);

    /// <summary>The batch of a step.</summary>
    protected TransitionBatch Batch(in Transitions data, DeviceArray<int> indices, int step)
    {
        indices.CopyFrom(Array.ConvertAll(Of(_indices, step).ToArray(), index => (int)index));
        return new TransitionBatch(data, Size.Rows, default, indices);
    }
}

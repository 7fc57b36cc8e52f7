using EDA.Bench.Verification;
using EDA.Engine.Baselines.Generators;
using EDA.Kernels;

namespace EDA.Bench.Agreement;

/// <summary>The variational autoencoder of Figure 7, with the rows and the noise that the engine's learner draws.</summary>
internal sealed class VaeStage : AgreementStage
{
    private readonly VaeSettings _settings;
    private readonly float[] _points;
    private readonly float[][] _weights;

    public VaeStage(AgreementSize size)
        : base("vae", "VAE", size)
    {
        var numbers = new Numbers(17);
        _settings = new() { Width = Shape.Width / 2, Batch = size.Rows, Steps = Steps };
        var networks = new VaeNetworks(_settings);
        _weights = [.. new[] { ("encoder", networks.Encoder), ("decoder", networks.Decoder) }.Select(network => Network(network.Item1, network.Item2.Slices, VerificationWeights.Mlp(network.Item2, numbers.Uniform)))];
        _points = [.. Enumerable.Range(0, 2 * size.Transitions).Select(_ => 2 * numbers.Normal())];
        Tensor("points", [Steps, size.Rows, 2], InOrder(2 * size.Rows, (draw, i) => _points[(2 * Philox.Index(Philox.Word(draw, RandomPurpose.BatchIndex, (ulong)i / 2), size.Transitions)) + (i % 2)]));
        Tensor("noise", [Steps, size.Rows, _settings.Latent], InOrder(size.Rows * _settings.Latent, (draw, i) => Philox.Normal(draw, RandomPurpose.Latent, (ulong)i)));
        Constant("divergence_weight", _settings.DivergenceWeight);
        Constant("learning_rate", _settings.LearningRate);
    }

    public override Course Run(IDevice device)
    {
        using var learning = new VaeLearning(device, _settings, _points, seed: 0);
        return LearningCourse.Run(learning, _weights, Steps, Draw);
    }
}

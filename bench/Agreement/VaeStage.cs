using EDA.Bench.Verification;
using EDA.Engine.Baselines.Generators;
using EDA.Kernels;

namespace EDA.Bench.Agreement;

/// <summary>The variational autoencoder of Figure 7, with the rows and the noise that the engine's learner draws.</summary>
internal sealed class VaeStage : MethodStage
{
    private readonly VaeSettings _settings;
    private readonly float[] _points;
    private readonly (string Network, float[] Values)[] _weights;

    public VaeStage(AgreementSize size)
        : base("vae", "VAE", size)
    {
        var numbers = new Numbers(17);
        _settings = new() { Width = Shape.Width / 2, Batch = size.Rows, Steps = Steps };
        var networks = new VaeNetworks(_settings);
        _weights = [.. new[] { ("encoder", networks.Encoder), ("decoder", networks.Decoder) }.Select(network => (network.Item1, Network(network.Item1, network.Item2.Slices, VerificationWeights.Mlp(network.Item2, numbers.Uniform))))];
        _points = [.. Enumerable.Range(0, 2 * size.Transitions).Select(_ => 2 * numbers.Normal())];
        Drawn("points", [size.Rows, 2], (draw, i) => _points[(2 * Philox.Index(Philox.Word(draw, RandomPurpose.BatchIndex, i / 2), size.Transitions)) + (int)(i % 2)]);
        Normals("noise", RandomPurpose.Latent, size.Rows, _settings.Latent);
        Constant("divergence_weight", _settings.DivergenceWeight);
        Constant("learning_rate", _settings.LearningRate);
    }

    public override Course Run(IDevice device)
    {
        using var learning = new VaeLearning(device, _settings, _points, seed: 0);
        return Follow(learning, _weights, [.. learning.Measured.Select((name, place) => (name, place))]);
    }
}

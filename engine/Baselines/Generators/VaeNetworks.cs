using EDA.Engine.Data;
using EDA.Kernels;

namespace EDA.Engine.Baselines.Generators;

/// <summary>The two networks of a variational autoencoder of points in a plane.</summary>
/// <param name="settings">Their sizes.</param>
public sealed class VaeNetworks(VaeSettings settings)
{
    private const string EncoderName = "encoder", DecoderName = "decoder";

    /// <summary>From a point to the means and log-variances of its latent variables: 2 → width → width → latent + latent.</summary>
    public MlpLayout Encoder { get; } = Layout(EncoderName, BanditDataset.Dimensions, settings, 2 * settings.Latent);

    /// <summary>From latent variables to a point: latent → width → width → 2.</summary>
    public MlpLayout Decoder { get; } = Layout(DecoderName, settings.Latent, settings, BanditDataset.Dimensions);

    /// <summary>Draws points: the decoder's means of z ~ N(0, I), to which no noise is added. z is of <see cref="RandomPurpose.Latent"/>, element point·latent + entry.</summary>
    /// <param name="device">The device.</param>
    /// <param name="decoder">The decoder's parameters.</param>
    /// <param name="count">How many.</param>
    /// <param name="draw">The random stream.</param>
    /// <returns>The points [count×2].</returns>
    public float[] Sample(IDevice device, float[] decoder, int count, in RandomDraw draw)
    {
        using var operations = device.CreateMlp(Decoder.Shape);
        using var parameters = device.Upload<float>(decoder);
        using var latent = device.Allocate<float>((long)count * Decoder.InputSize);
        using var points = device.Allocate<float>((long)count * Decoder.OutputSize);
        device.Vector.FillNormal(new() { Values = latent, Count = latent.Length, Draw = draw, Purpose = RandomPurpose.Latent });
        operations.Forward(new() { Parameters = parameters, Inputs = latent, Rows = count, Outputs = points });
        return points.ToArray();
    }

    private static MlpLayout Layout(string name, int inputs, VaeSettings settings, int outputs) =>
        MethodLearning.LayoutOf(name, new MlpShape(inputs, [settings.Width, settings.Width], outputs, MlpActivation.Relu));
}

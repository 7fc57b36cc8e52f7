using System.Diagnostics;
using EDA.Kernels;
using TorchSharp;
using static TorchSharp.torch.nn.functional;

namespace EDA.Bench.Torch;

/// <summary>Some equal multi-layer perceptrons whose parameters stand in one array.</summary>
internal sealed class AutogradMlp(MlpLayout layout, Dictionary<ParameterSlice, torch.Tensor> parameters, AutogradLinear dense)
{
    /// <summary>What each network gives [n×out] for rows [n×in].</summary>
    public torch.Tensor[] Evaluate(torch.Tensor rows) => [.. layout.Networks.Select(network => Evaluate(network, rows))];

    /// <summary>What the only network gives [n×out] for rows [n×in].</summary>
    public torch.Tensor EvaluateOne(torch.Tensor rows) => Evaluate(layout.Networks[0], rows);

    /// <summary>The smaller of what two networks give [n].</summary>
    public torch.Tensor Minimum(torch.Tensor rows)
    {
        var both = Evaluate(rows);
        return torch.minimum(both[0], both[1]).squeeze(1);
    }

    /// <summary>The gradient of a loss with respect to every parameter, in the layout's order.</summary>
    public IList<torch.Tensor> Gradient(torch.Tensor loss) => torch.autograd.grad([loss], [.. layout.Slices.Select(slice => parameters[slice])]);

    private torch.Tensor Evaluate(MlpLayout.Network network, torch.Tensor rows)
    {
        var result = rows;
        for (int l = 0; l < network.Layers.Count; l++)
            result = dense.Apply(l == 0 ? rows : Activate(result), parameters[network.Layers[l].Weight], parameters[network.Layers[l].Bias]);
        result = dense.Widen(result);
        return layout.Shape.Output == MlpOutput.Tanh ? result.tanh() : result;
    }

    private torch.Tensor Activate(torch.Tensor z) => layout.Shape.Activation switch
    {
        MlpActivation.Relu => relu(z),
        MlpActivation.SiLU => silu(z),
        MlpActivation.Mish => z * softplus(z).tanh(),
        MlpActivation.Tanh => z.tanh(),
        _ => throw new UnreachableException($"activation {layout.Shape.Activation}"),
    };
}

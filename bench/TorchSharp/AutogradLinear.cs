using TorchSharp;
using static TorchSharp.torch.nn.functional;

namespace EDA.Bench.Torch;

/// <summary>The dense layers, in fp32 or as torch.autocast has them on a processor: factors and results bf16.</summary>
/// <param name="bf16">Whether in bf16.</param>
internal readonly struct AutogradLinear(bool bf16)
{
    /// <summary>x Wᵀ + b; bf16 in, bf16 out.</summary>
    public torch.Tensor Apply(torch.Tensor x, torch.Tensor weight, torch.Tensor bias) => bf16
        ? linear(x.to_type(torch.ScalarType.BFloat16), weight.to_type(torch.ScalarType.BFloat16), bias.to_type(torch.ScalarType.BFloat16))
        : linear(x, weight, bias);

    /// <summary>What autocast does in fp32 whatever comes in: norms, sums, losses.</summary>
    public torch.Tensor Widen(torch.Tensor x) => bf16 ? x.to_type(torch.ScalarType.Float32) : x;
}

using EDA.Kernels;
using TorchSharp;
using static TorchSharp.torch.nn.functional;

namespace EDA.Bench.Torch;

/// <summary>The bottleneck diffusion model (method: section 2) as a PyTorch program writes it.</summary>
internal sealed class AutogradNetwork(BdmLayout layout, Dictionary<ParameterSlice, torch.Tensor> parameters, AutogradLinear dense)
{
    private const double NormEpsilon = 1e-5;

    /// <summary>The tensors that gradients are taken of: all but the fixed frequencies and the bias that no loss depends on.</summary>
    public static ParameterSlice[] Trained(BdmLayout layout) =>
        [.. layout.Slices.Where(slice => slice != layout.Frequencies && slice != layout.OutputBias)];

    /// <summary>f(a_t | s, t).</summary>
    /// <param name="actions">a_t [b·K×A].</param>
    /// <param name="times">t [b], shared by K rows each.</param>
    /// <param name="states">s [b×S], shared by K rows each.</param>
    /// <param name="candidates">K.</param>
    /// <param name="keep">The dropout factors [b·K×blocks×H]; null for none.</param>
    /// <returns>f [b·K].</returns>
    public torch.Tensor Density(torch.Tensor actions, torch.Tensor times, torch.Tensor? states, int candidates, torch.Tensor? keep)
    {
        var embedding = Linear(silu(Linear(Features(times), layout.ConditionWeight, layout.ConditionBias)), layout.EmbeddingWeight, layout.EmbeddingBias);
        var action = Linear(actions, layout.ActionWeight, layout.ActionBias);
        var x = Linear(
            states is null
                ? torch.cat([action, Shared(embedding, candidates)], 1)
                : torch.cat([action, Shared(embedding, candidates), Shared(Linear(states, layout.StateWeight!, layout.StateBias!), candidates)], 1),
            layout.InputWeight,
            layout.InputBias);
        for (int l = 0; l < layout.Blocks.Count; l++)
        {
            var block = layout.Blocks[l];
            var y = keep is null ? x : x * keep.select(1, l);
            y = layer_norm(dense.Widen(y), [layout.Shape.Width], parameters[block.NormWeight], parameters[block.NormBias], NormEpsilon);
            x += Linear(silu(Linear(y, block.ExpandWeight, block.ExpandBias)), block.ContractWeight, block.ContractBias);
        }

        return dense.Widen(Linear(silu(x), layout.OutputWeight, layout.OutputBias)).sum(1);
    }

    /// <summary>∇_{a_t} f [b·K×A].</summary>
    /// <param name="actions">a_t [b·K×A].</param>
    /// <param name="times">t [b].</param>
    /// <param name="states">s [b×S].</param>
    /// <param name="candidates">K.</param>
    /// <param name="keep">The dropout factors; null for none.</param>
    /// <param name="differentiable">Whether the gradient's own gradient will be asked for.</param>
    public torch.Tensor ActionGradient(torch.Tensor actions, torch.Tensor times, torch.Tensor? states, int candidates, torch.Tensor? keep, bool differentiable)
    {
        var at = actions.detach().requires_grad_(true);
        var density = Density(at, times, states, candidates, keep).sum();
        return torch.autograd.grad([density], [at], null, differentiable, differentiable)[0];
    }

    private static torch.Tensor Shared(torch.Tensor rows, int candidates) =>
        candidates == 1 ? rows : rows.unsqueeze(1).expand(rows.shape[0], candidates, rows.shape[1]).reshape(-1, rows.shape[1]);

    // In float64: the phase reaches hundreds of radians, and nothing of it is differentiated.
    private torch.Tensor Features(torch.Tensor times)
    {
        var phase = times.to_type(torch.ScalarType.Float64).unsqueeze(1) * (2 * Math.PI * parameters[layout.Frequencies].to_type(torch.ScalarType.Float64));
        return torch.cat([phase.sin(), phase.cos()], 1).to_type(torch.ScalarType.Float32);
    }

    private torch.Tensor Linear(torch.Tensor x, ParameterSlice weight, ParameterSlice bias) => dense.Apply(x, parameters[weight], parameters[bias]);
}

using System.Runtime.CompilerServices;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>What a pass without dropout keeps of one block, for a tile of panels.</summary>
/// <param name="Normalized">x̂ [H].</param>
/// <param name="Rows">Statistics, see <see cref="NormRows"/>.</param>
/// <param name="Output">y, then in the backward pass its adjoint [H].</param>
/// <param name="Hidden">SiLU(z) [4H].</param>
/// <param name="Slope">SiLU'(z) [4H]; null where no backward pass follows.</param>
/// <param name="Adjoint">The adjoint of z [4H]; may be the slope's memory.</param>
/// <param name="Product">W_γ x̂ of the first block [4H]; null elsewhere and where no backward pass follows.</param>
internal readonly record struct BlockPanels(
    Panels Normalized,
    Panels Rows,
    Panels Output,
    Panels Hidden,
    Panels Slope,
    Panels Adjoint,
    Panels Product);

/// <summary>
/// Forward and backward through the network with dropout off, a tile of panels at a time. The first block's fc1 is
/// folded into the input (see <see cref="PreparedNetwork{TV, TS}"/>): five of six block products are left in each pass.
/// </summary>
internal static unsafe class PlainPass<TV, TS>
    where TV : struct
    where TS : struct, ISimd<TV>
{
    /// <summary>From the input [a; e; s] to the stream after the last block.</summary>
    public static void Forward(PreparedNetwork<TV, TS> network, BdmLayout layout, Panels input, Panels stream, ReadOnlySpan<BlockPanels> blocks, int panels)
    {
        int width = layout.Shape.Width;
        Product<TV, TS>.Run(network.Input, input, panels, new StoreEpilogue<TV, TS>(stream, network.InputBias));
        for (int l = 0; l < blocks.Length; l++)
        {
            var block = blocks[l];
            var slices = layout.Blocks[l];
            for (int p = 0; p < panels; p++)
            {
                var rows = new NormRows(block.Rows.At(p));
                PanelNorm<TV, TS>.Statistics(stream.At(p), null, width, rows);
                if (l > 0 || !block.Slope.IsNull)
                    PanelNorm<TV, TS>.Normalize(stream.At(p), null, network.Parameter(slices.NormWeight), network.Parameter(slices.NormBias), width, rows, block.Normalized.At(p), block.Output.At(p));
            }

            if (l == 0)
            {
                var mean = new Panels(new NormRows(block.Rows.Start).Mean, block.Rows.Stride);
                var rsd = new Panels(new NormRows(block.Rows.Start).ReciprocalDeviation, block.Rows.Stride);
                Product<TV, TS>.Run(network.FirstExpand!, input, panels, new FirstBlockEpilogue<TV, TS>(block.Hidden, block.Slope, block.Product, mean, rsd, network.FirstBlock));
            }
            else
            {
                Product<TV, TS>.Run(network.Expand(l), block.Output, panels, new ActivationEpilogue<TV, TS>(block.Hidden, block.Slope, default, network.Parameter(slices.ExpandBias)));
            }

            Product<TV, TS>.Run(network.Contract(l), block.Hidden, panels, new ResidualEpilogue<TV, TS>(stream, network.Parameter(slices.ContractBias)));
        }
    }

    /// <summary>f = Σ_h (Σ_j O_jh) SiLU(x_h) + Σ_j o_j of one panel [32].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Density(PreparedNetwork<TV, TS> network, float* stream, int width, float* density)
    {
        for (int r = 0; r < PanelRows; r += TS.Count)
        {
            TV total = TS.Broadcast(network.OutputBias);
            for (int h = 0, i = r; h < width; h++, i += PanelRows)
            {
                TV x = TS.Load(stream + i);
                total = TS.MultiplyAdd(TS.Multiply(x, Sigmoid<TV, TS>.Invoke(x)), TS.Broadcast(network.OutputSum[h]), total);
            }

            TS.Store(total, density + r);
        }
    }

    /// <summary>The stream's adjoint at the top, p = seed·(Σ_j O_jh)·SiLU'(x_h); a null seed is 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Seed(PreparedNetwork<TV, TS> network, float* stream, int width, float* seed, float* adjoint)
    {
        for (int r = 0; r < PanelRows; r += TS.Count)
        {
            TV factor = seed == null ? TS.Broadcast(1f) : TS.Load(seed + r);
            for (int h = 0, i = r; h < width; h++, i += PanelRows)
            {
                TV x = TS.Load(stream + i);
                TV slope = Sigmoid<TV, TS>.FirstDerivative(x, Sigmoid<TV, TS>.Invoke(x));
                TS.Store(TS.Multiply(TS.Multiply(slope, factor), TS.Broadcast(network.OutputSum[h])), adjoint + i);
            }
        }
    }

    /// <summary>
    /// From the stream's adjoint p at the top to the gradient with respect to the action [A padded][32]: with r = W_γᵀp_z,
    /// p₀ = p₁ + rsd·(r − mean r − x̂·mean(r x̂)), of which only Mᵀp₀ is wanted, so Mᵀr comes from (W_γ M)ᵀp_z and the
    /// means from p_z alone.
    /// </summary>
    public static void Backward(PreparedNetwork<TV, TS> network, BdmLayout layout, Panels adjoint, ReadOnlySpan<BlockPanels> blocks, Panels gradient, Panels firstGradient, int panels)
    {
        int width = layout.Shape.Width;
        for (int l = blocks.Length - 1; l > 0; l--)
        {
            var block = blocks[l];
            float* gamma = network.Parameter(layout.Blocks[l].NormWeight);
            Product<TV, TS>.Run(network.ContractTransposed(l), adjoint, panels, new SlopeEpilogue<TV, TS>(block.Adjoint, block.Slope, default));
            Product<TV, TS>.Run(network.ExpandTransposed(l), block.Adjoint, panels, new StoreEpilogue<TV, TS>(block.Output, null));
            for (int p = 0; p < panels; p++)
                PanelNorm<TV, TS>.Backward(block.Output.At(p), null, gamma, width, new NormRows(block.Rows.At(p)), block.Normalized.At(p), adjoint.At(p));
        }

        FirstBlockBackward(network, blocks[0], adjoint, default, width, panels);
        Product<TV, TS>.Run(network.ActionTransposed!, adjoint, panels, new StoreEpilogue<TV, TS>(gradient, null));
        Product<TV, TS>.Run(network.FirstActionTransposed!, blocks[0].Adjoint, panels, new StoreEpilogue<TV, TS>(firstGradient, null));
        for (int p = 0; p < panels; p++)
            AddScaled(firstGradient.At(p), new NormRows(blocks[0].Rows.At(p)).ReciprocalDeviation, layout.Shape.ActionSize, gradient.At(p));
    }

    /// <summary>
    /// The first block's share of the backward pass: adjoint of z, and stream ← p₁ − rsd·(mean r + x̂·mean(r x̂)), which
    /// lacks rsd·r of being p₀.
    /// </summary>
    public static void FirstBlockBackward(PreparedNetwork<TV, TS> network, in BlockPanels block, Panels adjoint, Panels biasGradient, int width, int panels)
    {
        for (int p = 0; p < panels; p++)
        {
            var rows = new NormRows(block.Rows.At(p));
            new Span<float>(rows.AdjointMean, PanelRows).Clear();
            new Span<float>(rows.AdjointSlope, PanelRows).Clear();
        }

        var sums = new NormRows(block.Rows.Start);
        Product<TV, TS>.Run(network.ContractTransposed(0), adjoint, panels, new FirstBlockSlopeEpilogue<TV, TS>(
            block.Adjoint,
            block.Slope,
            block.Product,
            new Panels(sums.AdjointMean, block.Rows.Stride),
            new Panels(sums.AdjointSlope, block.Rows.Stride),
            network.FirstBlock,
            biasGradient));
        for (int p = 0; p < panels; p++)
            SubtractMeans(new NormRows(block.Rows.At(p)), block.Normalized.At(p), width, adjoint.At(p));
    }

    /// <summary>values[j] += rsd·addend[j] for the first <paramref name="features"/> features.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(float* addend, float* rsd, int features, float* values)
    {
        for (int j = 0, i = 0; j < features; j++)
        {
            for (int r = 0; r < PanelRows; r += TS.Count, i += TS.Count)
                TS.Store(TS.MultiplyAdd(TS.Load(addend + i), TS.Load(rsd + r), TS.Load(values + i)), values + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SubtractMeans(NormRows rows, float* normalized, int width, float* stream)
    {
        for (int r = 0; r < PanelRows; r += TS.Count)
        {
            TV scale = TS.Multiply(TS.Load(rows.ReciprocalDeviation + r), TS.Broadcast(-1f / width));
            TV mean = TS.Multiply(TS.Load(rows.AdjointMean + r), scale);
            TV slope = TS.Multiply(TS.Load(rows.AdjointSlope + r), scale);
            for (int i = r; i < width * PanelRows; i += PanelRows)
                TS.Store(TS.MultiplyAdd(TS.Load(normalized + i), slope, TS.Add(TS.Load(stream + i), mean)), stream + i);
        }
    }
}

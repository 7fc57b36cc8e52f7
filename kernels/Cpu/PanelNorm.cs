using System.Runtime.CompilerServices;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>What a layer norm remembers of one panel between passes: a number per row each.</summary>
internal readonly unsafe struct NormRows(float* start)
{
    /// <summary>Floats needed.</summary>
    public const int Length = 5 * PanelRows;

    public float* Mean => start;

    /// <summary>1 / sqrt(variance + ε).</summary>
    public float* ReciprocalDeviation => start + PanelRows;

    /// <summary>mean_h(p̂), with p̂ = γ·p_y.</summary>
    public float* AdjointMean => start + (2 * PanelRows);

    /// <summary>mean_h(p̂ x̂).</summary>
    public float* AdjointSlope => start + (3 * PanelRows);

    /// <summary>mean_h(ẋ x̂).</summary>
    public float* TangentSlope => start + (4 * PanelRows);
}

/// <summary>
/// Layer norm y = γ x̂ + β, x̂ = (x − mean)·rsd, of one panel [H][32]: forward, backward, tangent and the adjoint of
/// both. With J = rsd·(I − 1·1ᵀ/H − x̂·x̂ᵀ/H), which is symmetric: tangent ẏ = γ J ẋ and backward p_x = J γ p_y.
/// Where a dropout mask (0 or 1/(1 − rate)) is given, x is mask·stream, and what returns to the stream is masked.
/// Passes run down the features with a vector of rows, so no sum is horizontal.
/// </summary>
internal static unsafe class PanelNorm<TV, TS>
    where TV : struct
    where TS : struct, ISimd<TV>
{
    private const float Epsilon = 1e-5f;

    /// <summary>Mean and reciprocal deviation of each row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Statistics(float* x, float* mask, int width, NormRows rows)
    {
        TV scale = TS.Broadcast(1f / width);
        for (int r = 0; r < PanelRows; r += TS.Count)
        {
            TV total = TS.Broadcast(0f);
            for (int i = r; i < width * PanelRows; i += PanelRows)
                total = TS.Add(total, Masked(x, mask, i));
            TV mean = TS.Multiply(total, scale);
            TV squares = TS.Broadcast(0f);
            for (int i = r; i < width * PanelRows; i += PanelRows)
            {
                TV centred = TS.Subtract(Masked(x, mask, i), mean);
                squares = TS.MultiplyAdd(centred, centred, squares);
            }

            TV variance = TS.MultiplyAdd(squares, scale, TS.Broadcast(Epsilon));
            TS.Store(mean, rows.Mean + r);
            TS.Store(TS.Divide(TS.Broadcast(1f), TS.SquareRoot(variance)), rows.ReciprocalDeviation + r);
        }
    }

    /// <summary>Writes x̂ and y, given the statistics.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Normalize(float* x, float* mask, float* gamma, float* beta, int width, NormRows rows, float* normalized, float* output)
    {
        for (int r = 0; r < PanelRows; r += TS.Count)
        {
            TV mean = TS.Load(rows.Mean + r), rsd = TS.Load(rows.ReciprocalDeviation + r);
            for (int h = 0, i = r; h < width; h++, i += PanelRows)
            {
                TV value = TS.Multiply(TS.Subtract(Masked(x, mask, i), mean), rsd);
                TS.Store(value, normalized + i);
                TS.Store(TS.MultiplyAdd(value, TS.Broadcast(gamma[h]), TS.Broadcast(beta[h])), output + i);
            }
        }
    }

    /// <summary>stream += mask·J(γ·outputAdjoint); leaves both means of p̂ in <paramref name="rows"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward(float* outputAdjoint, float* mask, float* gamma, int width, NormRows rows, float* normalized, float* stream)
    {
        TV scale = TS.Broadcast(1f / width);
        for (int r = 0; r < PanelRows; r += TS.Count)
        {
            TV total = TS.Broadcast(0f), product = total;
            for (int h = 0, i = r; h < width; h++, i += PanelRows)
            {
                TV p = TS.Multiply(TS.Load(outputAdjoint + i), TS.Broadcast(gamma[h]));
                total = TS.Add(total, p);
                product = TS.MultiplyAdd(p, TS.Load(normalized + i), product);
            }

            TV mean = TS.Multiply(total, scale), slope = TS.Multiply(product, scale);
            TS.Store(mean, rows.AdjointMean + r);
            TS.Store(slope, rows.AdjointSlope + r);
            TV rsd = TS.Load(rows.ReciprocalDeviation + r), minusSlope = TS.Subtract(TS.Broadcast(0f), slope);
            for (int h = 0, i = r; h < width; h++, i += PanelRows)
            {
                TV p = TS.Multiply(TS.Load(outputAdjoint + i), TS.Broadcast(gamma[h]));
                TV result = TS.Multiply(TS.MultiplyAdd(TS.Load(normalized + i), minusSlope, TS.Subtract(p, mean)), rsd);
                Accumulate(stream, mask, i, result);
            }
        }
    }

    /// <summary>normalizedTangent = Jẋ and outputTangent = γ·Jẋ, with ẋ = mask·streamTangent.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tangent(
        float* streamTangent, float* mask, float* gamma, int width, NormRows rows, float* normalized, float* normalizedTangent, float* outputTangent)
    {
        TV scale = TS.Broadcast(1f / width);
        for (int r = 0; r < PanelRows; r += TS.Count)
        {
            TV total = TS.Broadcast(0f), product = total;
            for (int i = r; i < width * PanelRows; i += PanelRows)
            {
                TV x = Masked(streamTangent, mask, i);
                total = TS.Add(total, x);
                product = TS.MultiplyAdd(x, TS.Load(normalized + i), product);
            }

            TV mean = TS.Multiply(total, scale), slope = TS.Multiply(product, scale);
            TS.Store(slope, rows.TangentSlope + r);
            TV rsd = TS.Load(rows.ReciprocalDeviation + r), minusSlope = TS.Subtract(TS.Broadcast(0f), slope);
            for (int h = 0, i = r; h < width; h++, i += PanelRows)
            {
                TV x = TS.Subtract(Masked(streamTangent, mask, i), mean);
                TV result = TS.Multiply(TS.MultiplyAdd(TS.Load(normalized + i), minusSlope, x), rsd);
                TS.Store(result, normalizedTangent + i);
                TS.Store(TS.Multiply(result, TS.Broadcast(gamma[h])), outputTangent + i);
            }
        }
    }

    /// <summary>
    /// The adjoint of forward and tangent together. The tangent output γJẋ has the adjoint p_y and the output y has q_y;
    /// the stream receives q_x = J(γ q_y) + ∂(p̂·Jẋ)/∂x, where the second-order term is
    /// −rsd·[mean(ẋx̂)·Jp̂ + mean(p̂x̂)·Jẋ + x̂·mean(p̂·Jẋ)].
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Adjoint(
        float* outputAdjoint, float* tangentAdjoint, float* mask, float* gamma, int width, NormRows rows, float* normalized, float* normalizedTangent, float* stream)
    {
        TV scale = TS.Broadcast(1f / width);
        TV zero = TS.Broadcast(0f);
        for (int r = 0; r < PanelRows; r += TS.Count)
        {
            TV total = zero, product = zero, cross = zero;
            for (int h = 0, i = r; h < width; h++, i += PanelRows)
            {
                TV weight = TS.Broadcast(gamma[h]);
                TV q = TS.Multiply(TS.Load(outputAdjoint + i), weight);
                TV p = TS.Multiply(TS.Load(tangentAdjoint + i), weight);
                total = TS.Add(total, q);
                product = TS.MultiplyAdd(q, TS.Load(normalized + i), product);
                cross = TS.MultiplyAdd(p, TS.Load(normalizedTangent + i), cross);
            }

            TV rsd = TS.Load(rows.ReciprocalDeviation + r);
            TV adjointMean = TS.Load(rows.AdjointMean + r);
            TV adjointSlope = TS.Load(rows.AdjointSlope + r);
            TV tangentSlope = TS.Load(rows.TangentSlope + r);

            // q_x / rsd = q̂ − mean(q̂) − n·rsd·(p̂ − mean(p̂)) − m·Jẋ + x̂·[n·rsd·m − mean(q̂x̂) − mean(p̂·Jẋ)],
            // with m = mean(p̂x̂) and n = mean(ẋx̂): the three terms above with Jp̂ written out.
            TV share = TS.Multiply(tangentSlope, rsd);
            TV constant = TS.Subtract(TS.Multiply(share, adjointMean), TS.Multiply(total, scale));
            TV slope = TS.Subtract(TS.Multiply(share, adjointSlope), TS.Multiply(TS.Add(product, cross), scale));
            TV minusShare = TS.Subtract(zero, share), minusAdjointSlope = TS.Subtract(zero, adjointSlope);
            for (int h = 0, i = r; h < width; h++, i += PanelRows)
            {
                TV weight = TS.Broadcast(gamma[h]);
                TV result = TS.MultiplyAdd(TS.Load(outputAdjoint + i), weight, constant);
                result = TS.MultiplyAdd(TS.Multiply(TS.Load(tangentAdjoint + i), weight), minusShare, result);
                result = TS.MultiplyAdd(TS.Load(normalizedTangent + i), minusAdjointSlope, result);
                result = TS.MultiplyAdd(TS.Load(normalized + i), slope, result);
                Accumulate(stream, mask, i, TS.Multiply(result, rsd));
            }
        }
    }

    /// <summary>
    /// Sums over rows: ∂L/∂β = Σ q_y and ∂L/∂γ = Σ q_y x̂ (+ p_y Jẋ where there is a tangent).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ParameterGradient(
        float* outputAdjoint, float* tangentAdjoint, int width, float* normalized, float* normalizedTangent, float* gammaGradient, float* betaGradient)
    {
        for (int h = 0; h < width; h++)
        {
            TV weight = TS.Broadcast(0f), bias = weight;
            for (int r = 0, i = h * PanelRows; r < PanelRows; r += TS.Count, i += TS.Count)
            {
                TV q = TS.Load(outputAdjoint + i);
                bias = TS.Add(bias, q);
                weight = TS.MultiplyAdd(q, TS.Load(normalized + i), weight);
                if (tangentAdjoint != null)
                    weight = TS.MultiplyAdd(TS.Load(tangentAdjoint + i), TS.Load(normalizedTangent + i), weight);
            }

            gammaGradient[h] = TS.Sum(weight);
            betaGradient[h] = TS.Sum(bias);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TV Masked(float* x, float* mask, int i) =>
        mask == null ? TS.Load(x + i) : TS.Multiply(TS.Load(x + i), TS.Load(mask + i));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Accumulate(float* stream, float* mask, int i, TV value)
    {
        TV old = TS.Load(stream + i);
        TS.Store(mask == null ? TS.Add(old, value) : TS.MultiplyAdd(value, TS.Load(mask + i), old), stream + i);
    }
}

using System.Runtime.CompilerServices;

namespace EDA.Kernels.Cpu;

/// <summary>Adam's constants at one step, as the loop wants them.</summary>
internal readonly struct AdamConstants
{
    public AdamConstants(in AdamSettings settings, long step)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        Beta1 = (float)settings.Beta1;
        Rest1 = (float)(1 - settings.Beta1);
        Beta2 = (float)settings.Beta2;
        Rest2 = (float)(1 - settings.Beta2);
        Epsilon = (float)settings.Epsilon;
        StepSize = (float)(settings.LearningRate / (1 - Math.Pow(settings.Beta1, step)));
        SecondScale = (float)(1 / Math.Sqrt(1 - Math.Pow(settings.Beta2, step)));
    }

    public float Beta1 { get; }

    public float Rest1 { get; }

    public float Beta2 { get; }

    public float Rest2 { get; }

    public float Epsilon { get; }

    /// <summary>The learning rate over 1 − β₁ⁿ.</summary>
    public float StepSize { get; }

    /// <summary>1 / sqrt(1 − β₂ⁿ).</summary>
    public float SecondScale { get; }
}

/// <summary>Element-wise updates of parameters. Adam reads four arrays and writes three: 28 bytes a parameter.</summary>
internal static unsafe class ParameterUpdate<TV, TS>
    where TV : struct
    where TS : struct, ISimd<TV>
{
    /// <summary>One step of Adam on a run of parameters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Adam(in AdamConstants constants, float* parameters, float* gradient, float* firstMoment, float* secondMoment, int count)
    {
        TV beta1 = TS.Broadcast(constants.Beta1), rest1 = TS.Broadcast(constants.Rest1);
        TV beta2 = TS.Broadcast(constants.Beta2), rest2 = TS.Broadcast(constants.Rest2);
        TV size = TS.Broadcast(-constants.StepSize), scale = TS.Broadcast(constants.SecondScale), epsilon = TS.Broadcast(constants.Epsilon);
        int i = 0;
        for (; i <= count - TS.Count; i += TS.Count)
        {
            TV g = TS.Load(gradient + i);
            TV moment1 = TS.MultiplyAdd(TS.Load(firstMoment + i), beta1, TS.Multiply(g, rest1));
            TV moment2 = TS.MultiplyAdd(TS.Load(secondMoment + i), beta2, TS.Multiply(TS.Multiply(g, g), rest2));
            TS.Store(moment1, firstMoment + i);
            TS.Store(moment2, secondMoment + i);
            TV denominator = TS.MultiplyAdd(TS.SquareRoot(moment2), scale, epsilon);
            TS.Store(TS.MultiplyAdd(TS.Divide(moment1, denominator), size, TS.Load(parameters + i)), parameters + i);
        }

        for (; i < count; i++)
        {
            float g = gradient[i];
            firstMoment[i] = (firstMoment[i] * constants.Beta1) + (g * constants.Rest1);
            secondMoment[i] = (secondMoment[i] * constants.Beta2) + (g * g * constants.Rest2);
            parameters[i] -= constants.StepSize * (firstMoment[i] / ((MathF.Sqrt(secondMoment[i]) * constants.SecondScale) + constants.Epsilon));
        }
    }

    /// <summary>target ← target + rate · (source − target).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Average(float rate, float* target, float* source, int count)
    {
        TV share = TS.Broadcast(rate);
        int i = 0;
        for (; i <= count - TS.Count; i += TS.Count)
        {
            TV old = TS.Load(target + i);
            TS.Store(TS.MultiplyAdd(TS.Subtract(TS.Load(source + i), old), share, old), target + i);
        }

        for (; i < count; i++)
            target[i] += rate * (source[i] - target[i]);
    }
}

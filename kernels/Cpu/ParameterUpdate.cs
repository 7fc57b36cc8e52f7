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
        var step = new AdamVectors(constants);
        int i = 0;
        for (; i <= count - TS.Count; i += TS.Count)
            step.Take(parameters + i, gradient + i, firstMoment + i, secondMoment + i);
        int rest = count - i;
        if (rest == 0)
            return;

        // The rest goes through a full vector too: an element's rounding must not depend on where it stands.
        float* values = stackalloc float[4 * TS.Count];
        new Span<float>(values, 4 * TS.Count).Clear();
        float* p = values, g = values + TS.Count, m = values + (2 * TS.Count), v = values + (3 * TS.Count);
        Copy(parameters + i, p, rest);
        Copy(gradient + i, g, rest);
        Copy(firstMoment + i, m, rest);
        Copy(secondMoment + i, v, rest);
        step.Take(p, g, m, v);
        Copy(p, parameters + i, rest);
        Copy(m, firstMoment + i, rest);
        Copy(v, secondMoment + i, rest);
    }

    /// <summary>target ← target + rate · (source − target).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Average(float rate, float* target, float* source, int count)
    {
        TV share = TS.Broadcast(rate);
        int i = 0;
        for (; i <= count - TS.Count; i += TS.Count)
            TS.Store(Average(TS.Load(target + i), TS.Load(source + i), share), target + i);
        int rest = count - i;
        if (rest == 0)
            return;
        float* values = stackalloc float[2 * TS.Count];
        new Span<float>(values, 2 * TS.Count).Clear();
        Copy(target + i, values, rest);
        Copy(source + i, values + TS.Count, rest);
        TS.Store(Average(TS.Load(values), TS.Load(values + TS.Count), share), values);
        Copy(values, target + i, rest);
    }

    private static TV Average(TV target, TV source, TV rate) => TS.MultiplyAdd(TS.Subtract(source, target), rate, target);

    private static void Copy(float* from, float* to, int count) => new Span<float>(from, count).CopyTo(new Span<float>(to, count));

    /// <summary>The constants of one step, in every lane.</summary>
    private readonly struct AdamVectors(in AdamConstants constants)
    {
        private readonly TV _beta1 = TS.Broadcast(constants.Beta1);
        private readonly TV _rest1 = TS.Broadcast(constants.Rest1);
        private readonly TV _beta2 = TS.Broadcast(constants.Beta2);
        private readonly TV _rest2 = TS.Broadcast(constants.Rest2);
        private readonly TV _epsilon = TS.Broadcast(constants.Epsilon);
        private readonly TV _size = TS.Broadcast(-constants.StepSize);
        private readonly TV _scale = TS.Broadcast(constants.SecondScale);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Take(float* p, float* g, float* m, float* v)
        {
            TV gradient = TS.Load(g);
            TV first = TS.MultiplyAdd(TS.Load(m), _beta1, TS.Multiply(gradient, _rest1));
            TV second = TS.MultiplyAdd(TS.Load(v), _beta2, TS.Multiply(TS.Multiply(gradient, gradient), _rest2));
            TS.Store(first, m);
            TS.Store(second, v);
            TV denominator = TS.MultiplyAdd(TS.SquareRoot(second), _scale, _epsilon);
            TS.Store(TS.MultiplyAdd(TS.Divide(first, denominator), _size, TS.Load(p)), p);
        }
    }
}

namespace EDA.Kernels.Gpu;

/// <summary>Kernels of an item an element.</summary>
public static class VectorKernel
{
    /// <summary>The number of items in a group.</summary>
    public const int GroupSize = 128;

    /// <summary>The element of this item; it may lie past the last.</summary>
    public static int Index => (Grid.IdxX * GroupSize) + Group.IdxX;
}

/// <summary>The arguments of <see cref="FillIndices"/> and <see cref="FillNormal"/>.</summary>
public struct FillArguments
{
    /// <summary>Overwritten with indices.</summary>
    public ArrayView<int> Indices;

    /// <summary>Overwritten with normals.</summary>
    public ModelView Values;

    /// <summary>The stream.</summary>
    public DrawView Draw;

    /// <summary>How many, of one model.</summary>
    public int Count;

    /// <summary>One more than the largest index.</summary>
    public int Upper;

    /// <summary>What for: a <see cref="RandomPurpose"/>.</summary>
    public uint Purpose;

    /// <summary>The element that the first one is.</summary>
    public long First;
}

/// <summary>Uniform indices in [0, upper). 4 bytes each.</summary>
public static class FillIndices
{
    /// <summary>The kernel: a grid of ⌈count/128⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(VectorKernel.GroupSize)]
    public static void Run(FillArguments a)
    {
        int i = VectorKernel.Index;
        if (i < a.Count)
            a.Indices[(Grid.IdxZ * a.Count) + i] = Philox.Index(a.Draw.Word(a.Purpose, (ulong)(a.First + i)), a.Upper);
    }
}

/// <summary>Standard normals. 4 bytes each.</summary>
public static class FillNormal
{
    /// <summary>The kernel: a grid of ⌈count/128⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(VectorKernel.GroupSize)]
    public static void Run(FillArguments a)
    {
        int i = VectorKernel.Index;
        if (i < a.Count)
            a.Values.Mine[i] = a.Draw.Normal(a.Purpose, (ulong)(a.First + i));
    }
}

/// <summary>The arguments of <see cref="GatherRows"/>.</summary>
public struct GatherArguments
{
    /// <summary>Rows to take from [rows×width].</summary>
    public ModelView Source;

    /// <summary>Which [count].</summary>
    public ArrayView<int> Indices;

    /// <summary>Overwritten [count×width].</summary>
    public ModelView Destination;

    /// <summary>The length of a row.</summary>
    public int Width;

    /// <summary>How many rows to take.</summary>
    public int Count;

    /// <summary>The rows there are.</summary>
    public int SourceRows;
}

/// <summary>
/// destination[i, :] = source[indices[i], :]. A row that does not exist comes out as NaN, which no later step hides. An
/// item an element; 8 bytes each and 4 a row.
/// </summary>
public static class GatherRows
{
    /// <summary>The kernel: a grid of ⌈count·width/128⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(VectorKernel.GroupSize)]
    public static void Run(GatherArguments a)
    {
        int i = VectorKernel.Index;
        if (i >= a.Count * a.Width)
            return;
        int place = (int)((uint)i / (uint)a.Width);
        int row = a.Indices[(Grid.IdxZ * a.Count) + place];
        float value = Interop.IntAsFloat(0x7FC00000U);
        if (row >= 0 && row < a.SourceRows)
            value = a.Source.Mine[((long)row * a.Width) + (i - (place * a.Width))];
        a.Destination.Mine[i] = value;
    }
}

/// <summary>The arguments of <see cref="AdamStep"/>.</summary>
public struct AdamArguments
{
    /// <summary>θ, updated.</summary>
    public ArrayView<float> Parameters;

    /// <summary>g.</summary>
    public ArrayView<float> Gradient;

    /// <summary>m, updated.</summary>
    public ArrayView<float> FirstMoment;

    /// <summary>v, updated.</summary>
    public ArrayView<float> SecondMoment;

    /// <summary>lr/(1 − β₁ⁿ).</summary>
    public float StepSize;

    /// <summary>1/sqrt(1 − β₂ⁿ).</summary>
    public float SecondScale;

    /// <summary>β₁.</summary>
    public float Beta1;

    /// <summary>1 − β₁.</summary>
    public float Rest1;

    /// <summary>β₂.</summary>
    public float Beta2;

    /// <summary>1 − β₂.</summary>
    public float Rest2;

    /// <summary>ε.</summary>
    public float Epsilon;

    /// <summary>1 where all four arrays begin at a multiple of 16 bytes.</summary>
    public int IsAligned;
}

/// <summary>Adam over the flat parameter array. An item four elements; 28 bytes each: bound by memory.</summary>
public static class AdamStep
{
    /// <summary>The elements of a group.</summary>
    public const int ElementsPerGroup = 4 * VectorKernel.GroupSize;

    /// <summary>The kernel: a grid of ⌈P/512⌉ groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(VectorKernel.GroupSize)]
    public static void Run(AdamArguments a)
    {
        int first = 4 * VectorKernel.Index, end = XMath.Min(first + 4, a.Parameters.IntLength);
        if (a.IsAligned != 0 && end - first == 4)
        {
            MoveFour(a, first >> 2);
            return;
        }

        for (int i = first; i < end; i++)
            Move(a, i);
    }

    /// <summary>One element's step.</summary>
    /// <param name="a">The arguments.</param>
    /// <param name="i">The element.</param>
    public static void Move(AdamArguments a, int i)
    {
        float gradient = a.Gradient[i];
        float first = (a.FirstMoment[i] * a.Beta1) + (gradient * a.Rest1);
        float second = (a.SecondMoment[i] * a.Beta2) + (gradient * gradient * a.Rest2);
        a.FirstMoment[i] = first;
        a.SecondMoment[i] = second;
        a.Parameters[i] -= a.StepSize * Way(a, first, second);
    }

    private static void MoveFour(AdamArguments a, int at)
    {
        ArrayView<Float4> parameters = Quads(a.Parameters), firstMoment = Quads(a.FirstMoment), secondMoment = Quads(a.SecondMoment);
        Float4 gradient = Quads(a.Gradient)[at], before = parameters[at];
        Float4 first = (firstMoment[at] * a.Beta1) + (gradient * a.Rest1);
        Float4 second = (secondMoment[at] * a.Beta2) + (gradient * gradient * a.Rest2);
        firstMoment[at] = first;
        secondMoment[at] = second;
        parameters[at] = before + (Float4.Of(Way(a, first.X, second.X), Way(a, first.Y, second.Y), Way(a, first.Z, second.Z), Way(a, first.W, second.W)) * -a.StepSize);
    }

    private static ArrayView<Float4> Quads(ArrayView<float> view) => view.Cast<Float4>().AsAligned(16);

    private static float Way(AdamArguments a, float first, float second) => first / ((XMath.Sqrt(second) * a.SecondScale) + a.Epsilon);
}

/// <summary>The arguments of <see cref="PolyakStep"/>.</summary>
public struct PolyakArguments
{
    /// <summary>Updated.</summary>
    public ArrayView<float> Target;

    /// <summary>What the target moves towards.</summary>
    public ArrayView<float> Source;

    /// <summary>The share of the way.</summary>
    public float Rate;
}

/// <summary>target ← target + rate·(source − target). An item an element; 12 bytes each.</summary>
public static class PolyakStep
{
    /// <summary>The kernel: a grid of ⌈length/128⌉ groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(VectorKernel.GroupSize)]
    public static void Run(PolyakArguments a)
    {
        int i = VectorKernel.Index;
        if (i < a.Target.IntLength)
            Move(a, i);
    }

    /// <summary>What an item does.</summary>
    /// <param name="a">The arguments.</param>
    /// <param name="i">Its element.</param>
    public static void Move(PolyakArguments a, int i) => a.Target[i] += a.Rate * (a.Source[i] - a.Target[i]);
}

/// <summary>The arguments of <see cref="ClipElements"/>.</summary>
public struct ClipArguments
{
    /// <summary>The values.</summary>
    public ArrayView<float> Source;

    /// <summary>Overwritten; may be the source.</summary>
    public ArrayView<float> Destination;

    /// <summary>The largest magnitude.</summary>
    public float Bound;
}

/// <summary>destination = source, cut off at ±bound. An item an element; 8 bytes each.</summary>
public static class ClipElements
{
    /// <summary>The kernel: a grid of ⌈length/128⌉ groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(VectorKernel.GroupSize)]
    public static void Run(ClipArguments a)
    {
        int i = VectorKernel.Index;
        if (i >= a.Destination.IntLength)
            return;
        float value = a.Source[i];
        if (value > a.Bound)
            value = a.Bound;
        else if (value < -a.Bound)
            value = -a.Bound;
        a.Destination[i] = value;
    }
}

/// <summary>The arguments of <see cref="CopyElements"/>.</summary>
public struct CopyArguments
{
    /// <summary>What is copied.</summary>
    public ModelView Source;

    /// <summary>Overwritten.</summary>
    public ModelView Destination;

    /// <summary>How many, of one model.</summary>
    public int Count;
}

/// <summary>destination = source, where a copy must be part of a recorded step. An item an element; 8 bytes each.</summary>
public static class CopyElements
{
    /// <summary>The kernel: a grid of ⌈count/128⌉ × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(VectorKernel.GroupSize)]
    public static void Run(CopyArguments a)
    {
        int i = VectorKernel.Index;
        if (i < a.Count)
            a.Destination.Mine[i] = a.Source.Mine[i];
    }
}

/// <summary>The arguments of <see cref="MeanOf"/>.</summary>
public struct MeanArguments
{
    /// <summary>What is averaged.</summary>
    public ModelView Values;

    /// <summary>Overwritten [1].</summary>
    public ModelView Mean;

    /// <summary>How many, of one model.</summary>
    public int Count;
}

/// <summary>A mean, in double precision, by one warp. 4 bytes each.</summary>
public static class MeanOf
{
    /// <summary>The kernel: a grid of 1 × 1 × models groups.</summary>
    /// <param name="a">Its arguments.</param>
    [GpuKernel(WarpRow.WarpSize)]
    public static void Run(MeanArguments a)
    {
        double total = 0;
        for (int i = WarpRow.Lane; i < a.Count; i += WarpRow.WarpSize)
            total += a.Values.Mine[i];
        total = WarpRow.Sum(total);
        if (WarpRow.Lane == 0)
            a.Mean.Mine[0] = (float)(total / a.Count);
    }
}

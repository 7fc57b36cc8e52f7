namespace EDA.Kernels.Gpu;

/// <summary>
/// A random stream whose step stands in device memory, so that a recorded step can be replayed with the next step's
/// numbers. Model m draws from the seed plus m.
/// </summary>
public struct DrawView
{
    /// <summary>The number of words.</summary>
    public const int Length = 6;

    /// <summary>Seed, low and high; stage; step; first element, low and high.</summary>
    public ArrayView<uint> Words;

    /// <summary>A uniform number in [0, 1).</summary>
    /// <param name="purpose">What for: a <see cref="RandomPurpose"/>.</param>
    /// <param name="element">Which.</param>
    /// <returns>The number.</returns>
    public readonly float Uniform(uint purpose, ulong element) => Philox.Uniform(Word(purpose, element));

    /// <summary>A random word.</summary>
    /// <param name="purpose">What for: a <see cref="RandomPurpose"/>.</param>
    /// <param name="element">Which.</param>
    /// <returns>The word.</returns>
    public readonly uint Word(uint purpose, ulong element)
    {
        element += FirstElement;
        var words = Block(purpose, element >> 2);
        uint low = (element & 1) == 0 ? words.W0 : words.W1;
        uint high = (element & 1) == 0 ? words.W2 : words.W3;
        return (element & 2) == 0 ? low : high;
    }

    /// <summary>The random words of four elements on end: of one block where they begin at a multiple of four, or of two.</summary>
    /// <param name="purpose">What for: a <see cref="RandomPurpose"/>.</param>
    /// <param name="element">The first.</param>
    /// <returns>Their words.</returns>
    public readonly Philox.Words FourWords(uint purpose, ulong element)
    {
        element += FirstElement;
        int from = (int)element & 3;
        var a = Block(purpose, element >> 2);
        if (from == 0)
            return a;
        var b = Block(purpose, (element >> 2) + 1);
        return new Philox.Words(
            from == 1 ? a.W1 : from == 2 ? a.W2 : a.W3,
            from == 1 ? a.W2 : from == 2 ? a.W3 : b.W0,
            from == 1 ? a.W3 : from == 2 ? b.W0 : b.W1,
            from == 1 ? b.W0 : from == 2 ? b.W1 : b.W2);
    }

    /// <summary>A standard normal: as <see cref="Philox.Normal"/>, to the last place or two.</summary>
    /// <param name="purpose">What for: a <see cref="RandomPurpose"/>.</param>
    /// <param name="element">Which.</param>
    /// <returns>The number.</returns>
    public readonly float Normal(uint purpose, ulong element)
    {
        element += FirstElement;
        var words = Block(purpose, element >> 2);
        uint first = (element & 2) == 0 ? words.W0 : words.W2;
        uint second = (element & 2) == 0 ? words.W1 : words.W3;
        double radius = XMath.Sqrt(-2.0 * Precise.Log((first + 1.0) * (1.0 / 4294967296.0)));
        double turns = second * (1.0 / 4294967296.0);
        double direction = (element & 1) == 0 ? Precise.CosTurns(turns) : Precise.SinTurns(turns);
        return (float)(radius * direction);
    }

    private readonly ulong FirstElement => Words[4] | ((ulong)Words[5] << 32);

    private readonly Philox.Words Block(uint purpose, ulong block)
    {
        ulong seed = (Words[0] | ((ulong)Words[1] << 32)) + (ulong)Grid.IdxZ;
        return Philox.Block((uint)block, Words[3], Words[2], purpose, (uint)seed, (uint)(seed >> 32));
    }
}

/// <summary>The arguments of <see cref="SetDraw"/>.</summary>
public struct SetDrawArguments
{
    /// <summary>Overwritten [<see cref="DrawView.Length"/>].</summary>
    public ArrayView<uint> Words;

    /// <summary>The seed of model 0.</summary>
    public ulong Seed;

    /// <summary>The stage.</summary>
    public uint Stage;

    /// <summary>The step.</summary>
    public uint Step;

    /// <summary>The first element.</summary>
    public ulong FirstElement;
}

/// <summary>Puts a step's random stream where the kernels of the step look for it: all that a replayed step is told. One item.</summary>
public static class SetDraw
{
    /// <summary>The number of items in a group.</summary>
    public const int GroupSize = 32;

    /// <summary>The kernel: one group.</summary>
    /// <param name="arguments">Its arguments.</param>
    [GpuKernel(GroupSize)]
    public static void Run(SetDrawArguments arguments)
    {
        if (Group.IdxX == 0)
            Put(arguments);
    }

    /// <summary>What one item of a kernel does.</summary>
    /// <param name="arguments">What is put, and where.</param>
    public static void Put(SetDrawArguments arguments)
    {
        arguments.Words[0] = (uint)arguments.Seed;
        arguments.Words[1] = (uint)(arguments.Seed >> 32);
        arguments.Words[2] = arguments.Stage;
        arguments.Words[3] = arguments.Step;
        arguments.Words[4] = (uint)arguments.FirstElement;
        arguments.Words[5] = (uint)(arguments.FirstElement >> 32);
    }
}

using System.Runtime.CompilerServices;

namespace EDA.Kernels;

/// <summary>
/// The counter-based generator Philox 4×32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as
/// 1, 2, 3", SC 2011) and the numbers made from its words (method: section 8). An element index e names word e mod 4
/// of the block with counter (e div 4, step, stage, purpose).
/// </summary>
public static class Philox
{
    internal const uint Multiplier0 = 0xD2511F53;
    internal const uint Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9;
    private const uint Weyl1 = 0xBB67AE85;

    /// <summary>Four random words.</summary>
    /// <param name="W0">The first word.</param>
    /// <param name="W1">The second word.</param>
    /// <param name="W2">The third word.</param>
    /// <param name="W3">The fourth word.</param>
    public readonly record struct Words(uint W0, uint W1, uint W2, uint W3)
    {
        /// <summary>One of the four words.</summary>
        /// <param name="index">Which, modulo 4.</param>
        public uint this[int index] => (index & 3) switch { 0 => W0, 1 => W1, 2 => W2, _ => W3 };
    }

    /// <summary>The ten rounds.</summary>
    /// <param name="counter0">First word of the counter.</param>
    /// <param name="counter1">Second word of the counter.</param>
    /// <param name="counter2">Third word of the counter.</param>
    /// <param name="counter3">Fourth word of the counter.</param>
    /// <param name="key0">Low word of the key.</param>
    /// <param name="key1">High word of the key.</param>
    /// <returns>Four words, uniform and independent over counters.</returns>
    public static Words Block(uint counter0, uint counter1, uint counter2, uint counter3, uint key0, uint key1)
    {
        for (int round = 0; round < 10; round++)
        {
            ulong product0 = (ulong)Multiplier0 * counter0;
            ulong product1 = (ulong)Multiplier1 * counter2;
            (counter0, counter1, counter2, counter3) = (
                (uint)(product1 >> 32) ^ counter1 ^ key0,
                (uint)product1,
                (uint)(product0 >> 32) ^ counter3 ^ key1,
                (uint)product0);
            key0 += Weyl0;
            key1 += Weyl1;
        }

        return new Words(counter0, counter1, counter2, counter3);
    }

    /// <summary>The key of one of the ten rounds.</summary>
    internal static (uint Key0, uint Key1) RoundKey(ulong seed, int round) =>
        unchecked(((uint)seed + ((uint)round * Weyl0), (uint)(seed >> 32) + ((uint)round * Weyl1)));

    /// <summary>The block that holds elements 4·<paramref name="block"/> … 4·<paramref name="block"/> + 3.</summary>
    /// <param name="draw">The stream; its FirstElement is not looked at.</param>
    /// <param name="purpose">What the numbers are for.</param>
    /// <param name="block">The element index over 4.</param>
    /// <returns>The four words.</returns>
    public static Words Block(in RandomDraw draw, RandomPurpose purpose, ulong block) =>
        Block((uint)block, draw.Step, (uint)draw.Stage, (uint)purpose, (uint)draw.Seed, (uint)(draw.Seed >> 32));

    /// <summary>The word of one element, FirstElement added.</summary>
    /// <param name="draw">The stream.</param>
    /// <param name="purpose">What the number is for.</param>
    /// <param name="element">The element index.</param>
    /// <returns>The word.</returns>
    public static uint Word(in RandomDraw draw, RandomPurpose purpose, ulong element)
    {
        element += draw.FirstElement;
        return Block(draw, purpose, element >> 2)[(int)element & 3];
    }

    /// <summary>A uniform number in [0, 1): the word's upper 24 bits over 2²⁴.</summary>
    /// <param name="word">The word.</param>
    /// <returns>The number.</returns>
    public static float Uniform(uint word) => (word >> 8) * (1.0f / 16777216.0f);

    /// <summary>A uniform index in [0, <paramref name="count"/>): the high half of word·count.</summary>
    /// <param name="word">The word.</param>
    /// <param name="count">The number of values.</param>
    /// <returns>The index.</returns>
    public static int Index(uint word, int count) => (int)(((ulong)word * (uint)count) >> 32);

    /// <summary>
    /// Two standard normals by Box-Muller, from two words: radius from (first + 1) / 2³², angle 2π · second / 2³².
    /// </summary>
    /// <param name="first">The word that gives the radius.</param>
    /// <param name="second">The word that gives the angle.</param>
    /// <returns>The cosine and the sine member of the pair.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (float Cosine, float Sine) Normals(uint first, uint second)
    {
        double radius = Math.Sqrt(-2.0 * Math.Log((first + 1.0) * (1.0 / 4294967296.0)));
        (double sine, double cosine) = Math.SinCos(second * (2.0 * Math.PI / 4294967296.0));
        return ((float)(radius * cosine), (float)(radius * sine));
    }

    /// <summary>
    /// The standard normal of one element, FirstElement added: elements 4b and 4b + 1 are the pair of words 0 and 1
    /// of block b, elements 4b + 2 and 4b + 3 that of words 2 and 3.
    /// </summary>
    /// <param name="draw">The stream.</param>
    /// <param name="purpose">What the number is for.</param>
    /// <param name="element">The element index.</param>
    /// <returns>The number.</returns>
    public static float Normal(in RandomDraw draw, RandomPurpose purpose, ulong element)
    {
        element += draw.FirstElement;
        var words = Block(draw, purpose, element >> 2);
        var (cosine, sine) = (element & 2) == 0 ? Normals(words.W0, words.W1) : Normals(words.W2, words.W3);
        return (element & 1) == 0 ? cosine : sine;
    }
}

using System.Runtime.CompilerServices;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>
/// The dropout factors of an activation panel, 0 or 1/(1 − rate), drawn a vector of rows at a time: a row's Philox
/// counter is a pair of lanes, of which the ten rounds look at the lower one alone (see <see cref="Philox"/>). The words
/// are those that are drawn one by one.
/// </summary>
internal static unsafe class DropoutPanel<TV, TS>
    where TV : struct
    where TS : struct, ISimd<TV>
{
    private const int Rounds = 10;

    /// <summary>mask[h][r] of the features from 0 to <paramref name="width"/>.</summary>
    /// <param name="draw">The stream.</param>
    /// <param name="elements">The element of each row's first feature [32].</param>
    /// <param name="width">Features, a multiple of 4.</param>
    /// <param name="threshold">Words below it are dropped.</param>
    /// <param name="scale">The factor of what is kept.</param>
    /// <param name="mask">[width][32].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fill(in RandomDraw draw, ulong* elements, int width, uint threshold, float scale, float* mask)
    {
        // Rows 0, 2, 4 … of a vector's stand before rows 1, 3, 5 …, so that their words pair up in order at the end.
        ulong* blocks = stackalloc ulong[PanelRows];
        for (int r = 0; r < PanelRows; r++)
        {
            ulong element = elements[r] + draw.FirstElement;
            if ((element & 3) != 0)
            {
                OneByOne(draw, elements, width, threshold, scale, mask);
                return;
            }

            int lane = r % TS.Count;
            blocks[r - lane + (lane / 2) + (lane % 2 * (TS.Count / 2))] = element >> 2;
        }

        float* keys = stackalloc float[2 * Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            var (key0, key1) = Philox.RoundKey(draw.Seed, round);
            (keys[2 * round], keys[(2 * round) + 1]) = (Bits(key0), Bits(key1));
        }

        TV limit = TS.Broadcast(Bits(threshold)), kept = TS.Broadcast(scale);
        for (int h = 0; h < width; h += 4)
        {
            for (int r = 0; r < PanelRows; r += TS.Count)
            {
                float* to = mask + (h * PanelRows) + r;
                TV even0 = TS.Load((float*)(blocks + r)), odd0 = TS.Load((float*)(blocks + r + (TS.Count / 2)));
                TV even1 = TS.Broadcast(Bits(draw.Step)), even2 = TS.Broadcast(Bits((uint)draw.Stage)), even3 = TS.Broadcast(Bits((uint)RandomPurpose.Dropout));
                TV odd1 = even1, odd2 = even2, odd3 = even3;
                TV multiplier0 = TS.Broadcast(Bits(Philox.Multiplier0)), multiplier1 = TS.Broadcast(Bits(Philox.Multiplier1));
                for (int round = 0; round < Rounds; round++)
                {
                    TV key0 = TS.Broadcast(keys[2 * round]), key1 = TS.Broadcast(keys[(2 * round) + 1]);
                    TV product0 = TS.MultiplyWords(multiplier0, even0), product1 = TS.MultiplyWords(multiplier1, even2);
                    even0 = TS.Xor(TS.Xor(TS.UpperWords(product1), even1), key0);
                    even1 = product1;
                    even2 = TS.Xor(TS.Xor(TS.UpperWords(product0), even3), key1);
                    even3 = product0;
                    product0 = TS.MultiplyWords(multiplier0, odd0);
                    product1 = TS.MultiplyWords(multiplier1, odd2);
                    odd0 = TS.Xor(TS.Xor(TS.UpperWords(product1), odd1), key0);
                    odd1 = product1;
                    odd2 = TS.Xor(TS.Xor(TS.UpperWords(product0), odd3), key1);
                    odd3 = product0;
                }

                TS.Store(TS.ZeroWhereBelow(TS.PairWords(even0, odd0), limit, kept), to);
                TS.Store(TS.ZeroWhereBelow(TS.PairWords(even1, odd1), limit, kept), to + PanelRows);
                TS.Store(TS.ZeroWhereBelow(TS.PairWords(even2, odd2), limit, kept), to + (2 * PanelRows));
                TS.Store(TS.ZeroWhereBelow(TS.PairWords(even3, odd3), limit, kept), to + (3 * PanelRows));
            }

            for (int r = 0; r < PanelRows; r++)
                blocks[r]++;
        }
    }

    // An array's first element need not be the first word of a block.
    private static void OneByOne(in RandomDraw draw, ulong* elements, int width, uint threshold, float scale, float* mask)
    {
        for (int r = 0; r < PanelRows; r++)
        {
            for (int h = 0; h < width; h++)
                mask[(h * PanelRows) + r] = Philox.Word(draw, RandomPurpose.Dropout, elements[r] + (ulong)h) < threshold ? 0f : scale;
        }
    }

    private static float Bits(uint word) => BitConverter.UInt32BitsToSingle(word);
}

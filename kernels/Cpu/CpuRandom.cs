using System.Runtime.CompilerServices;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>Runs of random numbers, each Philox block drawn once.</summary>
internal static unsafe class CpuRandom
{
    /// <summary>Normals of the elements <paramref name="first"/> and following.</summary>
    public static void Normals(in RandomDraw draw, RandomPurpose purpose, ulong first, int count, float* destination)
    {
        ulong element = first + draw.FirstElement;
        int i = 0;
        while (i < count)
        {
            var words = Philox.Block(draw, purpose, element >> 2);
            do
            {
                var (cosine, sine) = (element & 2) == 0 ? Philox.Normals(words.W0, words.W1) : Philox.Normals(words.W2, words.W3);
                if ((element & 1) == 0)
                {
                    destination[i++] = cosine;
                    element++;
                    if (i == count)
                        return;
                }

                destination[i++] = sine;
                element++;
            }
            while ((element & 3) != 0 && i < count);
        }
    }

    /// <summary>
    /// The dropout factors of one block and one row, 0 or 1/(1 − rate), to every 32nd float of an activation panel.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dropout(in RandomDraw draw, ulong first, int width, uint threshold, float scale, float* destination)
    {
        ulong element = first + draw.FirstElement;
        if ((element & 3) != 0)
        {
            for (int h = 0; h < width; h++)
                destination[h * PanelRows] = Philox.Word(draw, RandomPurpose.Dropout, first + (ulong)h) < threshold ? 0f : scale;
            return;
        }

        for (int h = 0; h < width; h += 4, element += 4)
        {
            var words = Philox.Block(draw, RandomPurpose.Dropout, element >> 2);
            float* to = destination + (h * PanelRows);
            to[0] = words.W0 < threshold ? 0f : scale;
            to[PanelRows] = words.W1 < threshold ? 0f : scale;
            to[2 * PanelRows] = words.W2 < threshold ? 0f : scale;
            to[3 * PanelRows] = words.W3 < threshold ? 0f : scale;
        }
    }
}

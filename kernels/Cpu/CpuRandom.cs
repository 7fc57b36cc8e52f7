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
}

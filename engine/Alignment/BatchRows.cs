using EDA.Kernels;

namespace EDA.Engine.Alignment;

/// <summary>The rows of a batch where the host must know them: what a device draws from the same stream.</summary>
internal static class BatchRows
{
    /// <summary>Fills with uniform indices in [0, <paramref name="count"/>), element i from word i.</summary>
    public static void Draw(in RandomDraw draw, int count, Span<int> rows)
    {
        for (int i = 0; i < rows.Length; i++)
            rows[i] = Philox.Index(Philox.Word(draw, RandomPurpose.BatchIndex, (ulong)i), count);
    }
}

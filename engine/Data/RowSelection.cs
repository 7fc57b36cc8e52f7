using EDA.Kernels;

namespace EDA.Engine.Data;

/// <summary>Draws rows without replacement: those with the smallest random words, so that fewer are a part of more.</summary>
internal static class RowSelection
{
    /// <summary>Draws.</summary>
    /// <param name="count">The number of rows.</param>
    /// <param name="chosen">How many of them, at most as many.</param>
    /// <param name="draw">The random stream.</param>
    /// <param name="purpose">What the rows are for; element: the row.</param>
    /// <returns>The rows, ascending.</returns>
    public static int[] Choose(int count, int chosen, in RandomDraw draw, RandomPurpose purpose)
    {
        var indices = new int[count];
        for (int i = 0; i < count; i++)
            indices[i] = i;
        if (chosen == count)
            return indices;

        // A random word for each row, the index breaking ties: the smallest are chosen.
        var words = new uint[count];
        for (int first = 0; first < count; first += 4)
        {
            var block = Philox.Block(draw, purpose, (ulong)first >> 2);
            for (int k = 0; k < 4 && first + k < count; k++)
                words[first + k] = block[k];
        }

        Array.Sort(words, indices);
        SortTies(words, indices);
        var selection = indices.AsSpan(0, chosen).ToArray();
        Array.Sort(selection);
        return selection;
    }

    private static void SortTies(uint[] words, int[] indices)
    {
        for (int first = 0; first < words.Length;)
        {
            int end = first + 1;
            while (end < words.Length && words[end] == words[first])
                end++;
            if (end - first > 1)
                Array.Sort(indices, first, end - first);
            first = end;
        }
    }
}

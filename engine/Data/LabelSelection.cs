using EDA.Kernels;

namespace EDA.Engine.Data;

/// <summary>
/// Which states of a dataset are labelled for alignment where only a share of them is to be (method: section 5). With
/// the same seed a smaller share is a part of a larger one, so that curves over the share differ in nothing else.
/// </summary>
public static class LabelSelection
{
    /// <summary>The least share, one state in a hundred.</summary>
    public const double LeastFraction = 0.01;

    /// <summary>Draws a share of the states without replacement.</summary>
    /// <param name="count">The number of states, N.</param>
    /// <param name="fraction">The share, from 0.01 to 1.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>The chosen states' indices, ascending: N times the share, rounded down, and at least one.</returns>
    /// <exception cref="InvalidSettingException">The share is outside its range, or there is no state.</exception>
    public static int[] Choose(int count, double fraction, ulong seed)
    {
        Setting.Range(count, 1, name: nameof(count));
        if (!(fraction is >= LeastFraction and <= 1))
            throw new InvalidSettingException("labelFraction", fraction, $"a number from {LeastFraction} to 1");
        // In decimal, so that 0.29 of 100 is 29.
        int chosen = Math.Max(1, (int)decimal.Floor((decimal)fraction * count));
        var indices = new int[count];
        for (int i = 0; i < count; i++)
            indices[i] = i;
        if (chosen == count)
            return indices;

        // A random word for each state, the index breaking ties: the smallest are chosen.
        var draw = new RandomDraw(seed, RandomStage.Label, 0);
        var words = new uint[count];
        for (int first = 0; first < count; first += 4)
        {
            var block = Philox.Block(draw, RandomPurpose.LabelSelection, (ulong)first >> 2);
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

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
    /// <param name="most">The most states that are wanted; 0 for no limit.</param>
    /// <returns>The chosen states' indices, ascending: N times the share, rounded down, and at least one.</returns>
    /// <exception cref="InvalidSettingException">The share is outside its range, or there is no state.</exception>
    public static int[] Choose(int count, double fraction, ulong seed, int most = 0) =>
        First(count, Count(count, fraction, most), seed);

    /// <summary>How many states <see cref="Choose"/> draws.</summary>
    /// <param name="count">The number of states, N.</param>
    /// <param name="fraction">The share, from 0.01 to 1.</param>
    /// <param name="most">The most states that are wanted; 0 for no limit.</param>
    /// <returns>N times the share, rounded down, and at least one.</returns>
    /// <exception cref="InvalidSettingException">The share is outside its range, or there is no state.</exception>
    public static int Count(int count, double fraction, int most = 0)
    {
        Setting.Range(count, 1, name: nameof(count));
        Setting.Range(most, 0, name: nameof(most));
        if (!(fraction is >= LeastFraction and <= 1))
            throw new InvalidSettingException("labelFraction", fraction, $"a number from {LeastFraction} to 1");
        // In decimal, so that 0.29 of 100 is 29.
        int share = Math.Max(1, (int)decimal.Floor((decimal)fraction * count));
        return most == 0 ? share : Math.Min(most, share);
    }

    /// <summary>Draws so many of the states: fewer are a part of more.</summary>
    internal static int[] First(int count, int chosen, ulong seed) =>
        RowSelection.Choose(count, chosen, new RandomDraw(seed, RandomStage.Label, 0), RandomPurpose.LabelSelection);
}

namespace EDA.Engine.Alignment;

/// <summary>
/// By which numbers states draw their candidates where only a share of them is labelled: each by its rank among all that
/// would be, so that a share's candidates are a part of the whole's.
/// </summary>
/// <param name="Numbers">The ranks, ascending [N].</param>
/// <param name="Among">How many states the whole has.</param>
public sealed record StateNumbers(ReadOnlyMemory<int> Numbers, int Among)
{
    /// <summary>The numbers of chosen states among others.</summary>
    /// <param name="chosen">The chosen states, ascending, each one of the others.</param>
    /// <param name="all">All of them, ascending.</param>
    /// <returns>The numbers; null where all are chosen, which are then numbered as they stand.</returns>
    /// <exception cref="ArgumentException">A chosen state is none of them.</exception>
    public static StateNumbers? Of(ReadOnlySpan<int> chosen, ReadOnlySpan<int> all)
    {
        if (chosen.SequenceEqual(all))
            return null;
        var numbers = new int[chosen.Length];
        for (int i = 0, rank = 0; i < chosen.Length; i++, rank++)
        {
            while (rank < all.Length && all[rank] != chosen[i])
                rank++;
            numbers[i] = rank < all.Length ? rank : throw new ArgumentException($"state {chosen[i]} is none of the {all.Length}", nameof(chosen));
        }

        return new StateNumbers(numbers, all.Length);
    }
}

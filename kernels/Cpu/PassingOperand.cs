namespace EDA.Kernels.Cpu;

/// <summary>
/// Operands of weight gradients that have one place in a panel's record, one after the other: each is known by its place and a
/// number, and taken before the next comes. An operand with a place of its own is known by that alone.
/// </summary>
internal static class PassingOperand
{
    private const long Step = 1L << 32;

    /// <summary>One of those that pass.</summary>
    /// <param name="place">Where it stands in a record.</param>
    /// <param name="number">Which, at least 1.</param>
    /// <returns>What it is known by.</returns>
    public static long Of(long place, int number) => place + (number * Step);

    /// <summary>Where an operand stands in a panel's record.</summary>
    public static long Place(long operand) => operand & (Step - 1);

    /// <summary>Whether it passes.</summary>
    public static bool Is(long operand) => operand >= Step;
}

namespace EDA.Kernels;

/// <summary>
/// The sizes of a critic's networks (method: section 4): twin Q of [A + S] → H → H → 1, V of [S] → H → H → 1 and a
/// deterministic policy of [S] → H → H → A, all with ReLU.
/// </summary>
public sealed record CriticShape
{
    /// <summary>Makes a shape.</summary>
    /// <param name="stateSize">S, at least 1.</param>
    /// <param name="actionSize">A, at least 1.</param>
    /// <param name="width">H, a positive multiple of 32.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is outside its range, or the parameters are too many to count in an int.</exception>
    public CriticShape(int stateSize, int actionSize, int width = 256)
    {
        if (stateSize < 1)
            throw new ArgumentOutOfRangeException(nameof(stateSize), stateSize, "stateSize must be 1 or more");
        if (actionSize < 1)
            throw new ArgumentOutOfRangeException(nameof(actionSize), actionSize, "actionSize must be 1 or more");
        if (width < 32 || width % 32 != 0)
            throw new ArgumentOutOfRangeException(nameof(width), width, "width must be a positive multiple of 32");
        (StateSize, ActionSize, Width) = (stateSize, actionSize, width);
        var largest = Int128.Max(2 * Parameters(InputSize, 1), Parameters(stateSize, actionSize));
        if (largest > int.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(width), width, $"the networks are too large: {largest} parameters where at most {int.MaxValue} are allowed");

        Int128 Parameters(Int128 inputs, Int128 outputs) => (width * (inputs + 1)) + ((Int128)width * (width + 1)) + (outputs * (width + 1));
    }

    /// <summary>S, the number of state variables.</summary>
    public int StateSize { get; }

    /// <summary>A, the number of action variables.</summary>
    public int ActionSize { get; }

    /// <summary>H, the width of both hidden layers.</summary>
    public int Width { get; }

    /// <summary>A + S: what Q reads, the action first as in the published code.</summary>
    public int InputSize => checked(ActionSize + StateSize);

    /// <summary>
    /// Floating-point operations of the matrices in one implicit Q-learning step: V forward on s and s' and its two
    /// backward products, the target twins forward, the twins forward and backward; input layers have no product back.
    /// </summary>
    /// <param name="rows">The batch.</param>
    /// <returns>The work, in FLOP.</returns>
    public long ImplicitStepWork(int rows) =>
        2L * rows * Width * ((12L * Width) + (3L * StateSize) + (6L * InputSize));
}

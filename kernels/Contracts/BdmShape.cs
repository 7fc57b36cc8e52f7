namespace EDA.Kernels;

/// <summary>
/// The sizes of a bottleneck diffusion model (method: section 2). Everything else follows from these four numbers.
/// </summary>
public sealed record BdmShape
{
    /// <summary>Size of the time embedding φ(t) and of its hidden layer.</summary>
    public const int TimeFeatures = 32;

    /// <summary>Makes a shape.</summary>
    /// <param name="stateSize">S, 0 for a policy without a state.</param>
    /// <param name="actionSize">A, at least 1.</param>
    /// <param name="width">H, a positive multiple of 32.</param>
    /// <param name="blocks">The number of residual blocks, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is outside its range, or the parameters are too many to count in an int.</exception>
    public BdmShape(int stateSize, int actionSize, int width = 256, int blocks = 3)
    {
        if (stateSize < 0)
            throw new ArgumentOutOfRangeException(nameof(stateSize), stateSize, "stateSize must be 0 or more");
        if (actionSize < 1)
            throw new ArgumentOutOfRangeException(nameof(actionSize), actionSize, "actionSize must be 1 or more");
        if (width < 32 || width % 32 != 0)
            throw new ArgumentOutOfRangeException(nameof(width), width, "width must be a positive multiple of 32");
        if (blocks < 1)
            throw new ArgumentOutOfRangeException(nameof(blocks), blocks, "blocks must be 1 or more");
        (StateSize, ActionSize, Width, Blocks) = (stateSize, actionSize, width, blocks);
        var count = CountParameters();
        if (count > int.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(width), width, $"the network is too large: {count} parameters where at most {int.MaxValue} are allowed");
        ParameterCount = (int)count;
    }

    /// <summary>S, the number of state variables; 0 where there is no state.</summary>
    public int StateSize { get; }

    /// <summary>A, the number of action variables.</summary>
    public int ActionSize { get; }

    /// <summary>H, the width of the residual stream.</summary>
    public int Width { get; }

    /// <summary>The number of residual blocks.</summary>
    public int Blocks { get; }

    /// <summary>P, the number of parameters, the fixed frequencies of the time embedding included.</summary>
    public int ParameterCount { get; }

    /// <summary>4H, the width inside a residual block.</summary>
    public int Hidden => 4 * Width;

    /// <summary>The part of u that comes from the diffused action: H/2 with a state, 7H/8 without.</summary>
    public int ActionFeatures => StateSize > 0 ? Width / 2 : 7 * Width / 8;

    /// <summary>The part of u that comes from the time embedding: H/8.</summary>
    public int EmbeddingFeatures => Width / 8;

    /// <summary>The part of u that comes from the state: 3H/8 with a state, 0 without.</summary>
    public int StateFeatures => StateSize > 0 ? 3 * Width / 8 : 0;

    /// <summary>
    /// Floating-point operations of one forward pass through the blocks' matrices for one row: the unit of nominal
    /// work (method: section 3). Pretraining counts 6 units a sample, alignment 4 a candidate, a score 2.
    /// </summary>
    public long NominalUnit => (long)Blocks * 2 * Width * Hidden * 2;

    /// <summary>The lengths of <see cref="BdmLayout"/>'s slices, where no size that passed its own check can overflow.</summary>
    private Int128 CountParameters()
    {
        Int128 h = Width, a = ActionSize, e = TimeFeatures;
        var embedding = (e / 2) + (e * (e + 1)) + (h / 8 * (e + 1));
        var action = (StateSize > 0 ? h / 2 : 7 * h / 8) * (a + 1);
        var state = StateSize > 0 ? 3 * h / 8 * ((Int128)StateSize + 1) : 0;
        var block = (2 * h) + (4 * h * (h + 1)) + (h * ((4 * h) + 1));
        return embedding + action + state + (h * (h + 1)) + (Blocks * block) + (a * (h + 1));
    }
}

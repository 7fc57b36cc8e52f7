namespace EDA.Kernels;

/// <summary>The arguments of <see cref="IBdmOperations.Density"/> and <see cref="IBdmOperations.Score"/>.</summary>
public readonly record struct EvaluationCall
{
    /// <summary>θ [P].</summary>
    public required DeviceArray<float> Parameters { get; init; }

    /// <summary>a_t [n×A].</summary>
    public required DeviceArray<float> Actions { get; init; }

    /// <summary>t [n].</summary>
    public required DeviceArray<float> Times { get; init; }

    /// <summary>s [n×S]; null where S = 0.</summary>
    public required DeviceArray<float>? States { get; init; }

    /// <summary>n.</summary>
    public required int Rows { get; init; }

    /// <summary>f [n], in nats, or ε̂ [n×A]; overwritten.</summary>
    public required DeviceArray<float> Output { get; init; }
}

/// <summary>States with K candidates each, as gaps and alignment steps look at them.</summary>
public readonly record struct CandidateBatch
{
    /// <summary>The undiffused candidates [b×K×A].</summary>
    public required DeviceArray<float> Candidates { get; init; }

    /// <summary>s [b×S]; null where S = 0.</summary>
    public required DeviceArray<float>? States { get; init; }

    /// <summary>b.</summary>
    public required int StateCount { get; init; }

    /// <summary>K.</summary>
    public required int CandidateCount { get; init; }

    /// <summary>t and ε.</summary>
    public required GapDraws Draws { get; init; }

    /// <summary>b·K.</summary>
    public long Rows => (long)StateCount * CandidateCount;

    /// <summary>The same with t and ε from the beginning of another stream, where they are not given.</summary>
    /// <param name="draw">The stream.</param>
    /// <returns>The batch.</returns>
    public CandidateBatch From(in RandomDraw draw) => this with { Draws = Draws with { Draw = draw } };
}

/// <summary>The arguments of <see cref="IBdmOperations.Gaps"/>.</summary>
public readonly record struct GapsCall
{
    /// <summary>θ [P].</summary>
    public required DeviceArray<float> Policy { get; init; }

    /// <summary>φ [P].</summary>
    public required DeviceArray<float> Behavior { get; init; }

    /// <summary>The candidates.</summary>
    public required CandidateBatch Batch { get; init; }

    /// <summary>Δ [b×K], overwritten.</summary>
    public required DeviceArray<float> Gaps { get; init; }
}

/// <summary>The arguments of <see cref="IBdmOperations.Objective"/>.</summary>
public readonly record struct ObjectiveCall
{
    /// <summary>The loss and its constants.</summary>
    public required AlignmentObjective Objective { get; init; }

    /// <summary>Δ [b×K].</summary>
    public required DeviceArray<float> Gaps { get; init; }

    /// <summary>Q [b×K], unscaled.</summary>
    public required DeviceArray<float> Labels { get; init; }

    /// <summary>b.</summary>
    public required int StateCount { get; init; }

    /// <summary>K.</summary>
    public required int CandidateCount { get; init; }

    /// <summary>∂L/∂Δ [b×K], overwritten.</summary>
    public required DeviceArray<float> GapsGradient { get; init; }

    /// <summary>L [1], the mean over states, overwritten.</summary>
    public required DeviceArray<float> Loss { get; init; }
}

/// <summary>The arguments of <see cref="IBdmOperations.DenoisingStep"/>.</summary>
public readonly record struct DenoisingStepCall
{
    /// <summary>θ [P].</summary>
    public required DeviceArray<float> Parameters { get; init; }

    /// <summary>The undiffused actions a [n×A].</summary>
    public required DeviceArray<float> Actions { get; init; }

    /// <summary>s [n×S]; null where S = 0.</summary>
    public required DeviceArray<float>? States { get; init; }

    /// <summary>n.</summary>
    public required int Rows { get; init; }

    /// <summary>t, ε and dropout.</summary>
    public required DenoisingDraws Draws { get; init; }

    /// <summary>∂L/∂θ [P], overwritten.</summary>
    public required DeviceArray<float> Gradient { get; init; }

    /// <summary>L [1], overwritten.</summary>
    public required DeviceArray<float> Loss { get; init; }

    /// <summary>Refuses a dropout rate outside [0, 1).</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is.</exception>
    public void CheckDropout()
    {
        if (Draws.DropoutRate is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(Draws), Draws.DropoutRate, "the dropout rate must be in [0, 1)");
    }
}

/// <summary>The arguments of <see cref="IBdmOperations.AlignmentStep"/>.</summary>
public readonly record struct AlignmentStepCall
{
    /// <summary>θ [P].</summary>
    public required DeviceArray<float> Policy { get; init; }

    /// <summary>φ [P], frozen.</summary>
    public required DeviceArray<float> Behavior { get; init; }

    /// <summary>The candidates.</summary>
    public required CandidateBatch Batch { get; init; }

    /// <summary>Q [b×K], unscaled.</summary>
    public required DeviceArray<float> Labels { get; init; }

    /// <summary>The loss and its constants.</summary>
    public required AlignmentObjective Objective { get; init; }

    /// <summary>∂L/∂θ [P], overwritten.</summary>
    public required DeviceArray<float> Gradient { get; init; }

    /// <summary>L [1], overwritten.</summary>
    public required DeviceArray<float> Loss { get; init; }
}

/// <summary>The arguments of <see cref="IBdmOperations.Sample"/>.</summary>
public readonly record struct SampleCall
{
    /// <summary>θ [P].</summary>
    public required DeviceArray<float> Parameters { get; init; }

    /// <summary>s [n×S]; null where S = 0.</summary>
    public required DeviceArray<float>? States { get; init; }

    /// <summary>n.</summary>
    public required int StateCount { get; init; }

    /// <summary>K.</summary>
    public required int CandidateCount { get; init; }

    /// <summary>The solver's coefficients.</summary>
    public required SolverTable Table { get; init; }

    /// <summary>The stream of the starting points; of the state numbered r, candidate k, variable i is element (r·<see cref="Stride"/> + k)·A + i.</summary>
    public required RandomDraw Draw { get; init; }

    /// <summary>How many candidates of a state the stream counts, at least K, so that a state's do not depend on how many are drawn; null for K.</summary>
    public int? Stride { get; init; }

    /// <summary>The states' numbers in the stream [n], the same for every model; null for 0 … n − 1.</summary>
    public DeviceArray<int>? Numbers { get; init; }

    /// <summary>The starting points x₁ [n×K×A], or null to draw them.</summary>
    public DeviceArray<float>? Start { get; init; }

    /// <summary>The samples [n×K×A], overwritten.</summary>
    public required DeviceArray<float> Actions { get; init; }

    /// <summary>Refuses a stride by which states would share numbers.</summary>
    /// <returns>The stride.</returns>
    /// <exception cref="ArgumentOutOfRangeException">It is below K.</exception>
    public int CheckStride()
    {
        int stride = Stride ?? CandidateCount;
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, CandidateCount, nameof(Stride));
        return stride;
    }
}

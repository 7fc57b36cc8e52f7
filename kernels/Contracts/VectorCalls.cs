namespace EDA.Kernels;

/// <summary>The arguments of <see cref="IVectorOperations.FillIndices"/>.</summary>
public readonly record struct FillIndicesCall
{
    /// <summary>Overwritten from 0 to M·<see cref="Count"/> − 1.</summary>
    public required DeviceArray<int> Indices { get; init; }

    /// <summary>How many a model.</summary>
    public required int Count { get; init; }

    /// <summary>One more than the largest index.</summary>
    public required int Upper { get; init; }

    /// <summary>The random stream of model 0.</summary>
    public required RandomDraw Draw { get; init; }

    /// <summary>What the indices are for.</summary>
    public required RandomPurpose Purpose { get; init; }

    /// <summary>M, at least 1.</summary>
    public int Models { get; init; } = 1;

    /// <summary>For one model.</summary>
    public FillIndicesCall()
    {
    }
}

/// <summary>The arguments of <see cref="IVectorOperations.FillNormal"/>.</summary>
public readonly record struct FillNormalCall
{
    /// <summary>Overwritten from 0 to M·<see cref="Count"/> − 1.</summary>
    public required DeviceArray<float> Values { get; init; }

    /// <summary>How many a model.</summary>
    public required long Count { get; init; }

    /// <summary>The random stream of model 0.</summary>
    public required RandomDraw Draw { get; init; }

    /// <summary>What the numbers are for.</summary>
    public required RandomPurpose Purpose { get; init; }

    /// <summary>M, at least 1.</summary>
    public int Models { get; init; } = 1;

    /// <summary>For one model.</summary>
    public FillNormalCall()
    {
    }
}

/// <summary>The arguments of <see cref="IVectorOperations.Gather"/>.</summary>
public readonly record struct GatherCall
{
    /// <summary>Rows of <see cref="Width"/> elements, as many for each model.</summary>
    public required DeviceArray<float> Source { get; init; }

    /// <summary>The length of a row.</summary>
    public required int Width { get; init; }

    /// <summary>The rows to take [M×count], each counted from its model's first.</summary>
    public required DeviceArray<int> Indices { get; init; }

    /// <summary>How many rows a model to take.</summary>
    public required int Count { get; init; }

    /// <summary>Overwritten, [M×count×width].</summary>
    public required DeviceArray<float> Destination { get; init; }

    /// <summary>M, at least 1.</summary>
    public int Models { get; init; } = 1;

    /// <summary>For one model.</summary>
    public GatherCall()
    {
    }
}

/// <summary>The arguments of <see cref="IVectorOperations.Adam"/>.</summary>
public readonly record struct AdamCall
{
    /// <summary>θ and the moments, updated; the gradient, which must be there.</summary>
    public required TrainedArrays Trained { get; init; }

    /// <summary>The constants.</summary>
    public required AdamSettings Settings { get; init; }

    /// <summary>n, 1 for the first step.</summary>
    public required long Step { get; init; }
}

/// <summary>The arguments of <see cref="IVectorOperations.PolyakAverage"/>.</summary>
public readonly record struct PolyakAverageCall
{
    /// <summary>Updated.</summary>
    public required DeviceArray<float> Target { get; init; }

    /// <summary>What the target moves towards.</summary>
    public required DeviceArray<float> Source { get; init; }

    /// <summary>The share of the way, in [0, 1].</summary>
    public required float Rate { get; init; }

    /// <summary>Refuses a rate outside [0, 1].</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is.</exception>
    public void Check()
    {
        if (Rate is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(Rate), Rate, "the rate must be in [0, 1]");
    }
}

/// <summary>The arguments of <see cref="IVectorOperations.Clip"/>.</summary>
public readonly record struct ClipCall
{
    /// <summary>The values [≥ count].</summary>
    public required DeviceArray<float> Source { get; init; }

    /// <summary>How many, at least 0.</summary>
    public required long Count { get; init; }

    /// <summary>The largest magnitude, at least 0.</summary>
    public required float Bound { get; init; }

    /// <summary>Overwritten from 0 to count − 1; may be the source.</summary>
    public required DeviceArray<float> Destination { get; init; }

    /// <summary>Refuses a count or a bound below 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is.</exception>
    public void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Count);
        if (!(Bound >= 0))
            throw new ArgumentOutOfRangeException(nameof(Bound), Bound, "the bound must be at least 0");
    }
}

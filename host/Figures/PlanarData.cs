namespace EDA.Host.Figures;

/// <summary>Points of the plane, each with the value that colours it.</summary>
/// <param name="X">First coordinate [n].</param>
/// <param name="Y">Second coordinate [n].</param>
/// <param name="Value">What the colour shows [n].</param>
public sealed record PlanarPoints(float[] X, float[] Y, float[] Value)
{
    /// <summary>The number of points.</summary>
    public int Count => X.Length;

    /// <summary>
    /// At most <paramref name="limit"/> of the points, spread over their order. The choice within each stretch varies
    /// as the golden ratio does, because a fixed stride would meet a dataset that goes round its parts always at the
    /// same part.
    /// </summary>
    /// <param name="limit">The largest number wanted.</param>
    /// <returns>This, or fewer points.</returns>
    public PlanarPoints AtMost(int limit) => Count <= limit
        ? this
        : Take([.. Enumerable.Range(0, limit).Select(i => (int)((i + Spread(i)) * Count / limit))]);

    /// <summary>Some of the points.</summary>
    /// <param name="indices">Which.</param>
    /// <returns>The points in the order of the indices.</returns>
    public PlanarPoints Take(IReadOnlyList<int> indices) =>
        new([.. indices.Select(i => X[i])], [.. indices.Select(i => Y[i])], [.. indices.Select(i => Value[i])]);

    /// <summary>The fractional part of a multiple of the golden ratio: evenly spread in [0, 1), in no rhythm.</summary>
    /// <param name="index">Which multiple.</param>
    /// <returns>The number.</returns>
    public static double Spread(int index)
    {
        double multiple = index * 0.6180339887498949;
        return multiple - Math.Floor(multiple);
    }
}

/// <summary>A scalar field on a square grid of cell centres, at one diffusion time.</summary>
/// <param name="Time">t.</param>
/// <param name="Values">Values [column, row], the lowest x and y first.</param>
public sealed record PlanarField(double Time, double[,] Values)
{
    /// <summary>
    /// The time as the figures label it: the smallest diffusion time stands for t → 0 and is written 0, as the paper does.
    /// </summary>
    public string TimeLabel => Time < 0.01 ? "0" : Time.ToString("0.0##", CultureInfo.InvariantCulture);
}

/// <summary>One loss over the steps of its stage.</summary>
/// <param name="Title">What is minimised.</param>
/// <param name="Steps">The steps [n].</param>
/// <param name="Values">The losses [n].</param>
public sealed record LossCurve(string Title, double[] Steps, double[] Values);

/// <summary>A curve that is drawn over others.</summary>
/// <param name="Color">Its colour, <c>#rrggbb</c>.</param>
/// <param name="IsDashed">Whether its line is dashed.</param>
/// <param name="Curve">The curve.</param>
public sealed record OverlaidCurve(string Color, bool IsDashed, LossCurve Curve);

/// <summary>The normalised score of a policy along its alignment.</summary>
/// <param name="Steps">The steps.</param>
/// <param name="Means">The means over episodes.</param>
/// <param name="Deviations">Their standard deviations.</param>
public sealed record ScoreCurve(double[] Steps, double[] Means, double[] Deviations);

/// <summary>All that the figures of a bandit run show, as plain arrays.</summary>
public sealed record BanditFigureData
{
    /// <summary>The half width of the square that the maps cover: coordinates run from −extent to extent.</summary>
    public required double Extent { get; init; }

    /// <summary>Dataset points, coloured by Q.</summary>
    public required PlanarPoints Dataset { get; init; }

    /// <summary>The dataset reweighted by e^{qQ/β}, the value objective's exact answer, coloured by Q.</summary>
    public required PlanarPoints Target { get; init; }

    /// <summary>Samples of the behavior model, coloured by the Q of the nearest dataset point.</summary>
    public required PlanarPoints BehaviorSamples { get; init; }

    /// <summary>Samples of the policy, coloured by the Q of the nearest dataset point.</summary>
    public required PlanarPoints PolicySamples { get; init; }

    /// <summary>f_φ, in nats up to a constant per field.</summary>
    public required IReadOnlyList<PlanarField> BehaviorDensity { get; init; }

    /// <summary>f_θ, in nats up to a constant per field.</summary>
    public required IReadOnlyList<PlanarField> PolicyDensity { get; init; }

    /// <summary>Q_θ = β(f_θ − f_φ), up to a constant per field.</summary>
    public required IReadOnlyList<PlanarField> Energy { get; init; }

    /// <summary>q·Q on held-out behavior points [n]; empty where the objective has no identity.</summary>
    public required float[] IdentityLabel { get; init; }

    /// <summary>β(f_θ − f_φ) on the same points at the smallest t [n].</summary>
    public required float[] IdentityEnergy { get; init; }

    /// <summary>How figures name <see cref="Target"/>: what has the identity has it as its exact answer, anything else only for comparison.</summary>
    public string TargetName => IdentityLabel.Length > 0 ? "exact answer π*" : "value objective's answer";

    /// <summary>Losses of the stages, in order.</summary>
    public required IReadOnlyList<LossCurve> Losses { get; init; }
}

namespace EDA.Bench.Agreement;

/// <summary>What a stage came to in one program.</summary>
/// <param name="Losses">The losses of all steps, by name.</param>
/// <param name="Moved">How far a network has come from where it began, by its name, for each of the steps that are looked at; of sampling, the actions.</param>
internal sealed record Course(IReadOnlyDictionary<string, float[]> Losses, IReadOnlyDictionary<(int Step, string Network), float[]> Moved)
{
    /// <summary>The norm of the difference of what two programs' networks have moved by, over that of one.</summary>
    /// <returns>Null where a number is none.</returns>
    public static double? Drift(float[] found, float[] reference)
    {
        if (found.Length != reference.Length)
            return null;
        double squares = 0, norm = 0;
        for (int i = 0; i < found.Length; i++)
        {
            squares += ((double)found[i] - reference[i]) * ((double)found[i] - reference[i]);
            norm += (double)reference[i] * reference[i];
        }

        return Finite(Math.Sqrt(squares / Math.Max(norm, double.Epsilon)));
    }

    /// <summary>The largest difference of two programs' numbers.</summary>
    /// <returns>Null where a number is none.</returns>
    public static double? LargestDifference(float[] found, float[] reference) =>
        found.Length != reference.Length ? null : Finite(found.Zip(reference, (one, other) => Math.Abs((double)one - other)).Aggregate(0.0, Larger));

    /// <summary>The largest difference of a step's loss, relative to it.</summary>
    /// <returns>Null where a number is none, or a loss is missing.</returns>
    public static double? LossDifference(Course found, Course reference)
    {
        double largest = 0;
        foreach (var (name, truth) in reference.Losses)
        {
            if (!found.Losses.TryGetValue(name, out float[]? losses) || losses.Length != truth.Length)
                return null;
            largest = losses.Zip(truth, (one, other) => Math.Abs((double)one - other) / Math.Max(Math.Abs((double)other), double.Epsilon)).Aggregate(largest, Larger);
        }

        return Finite(largest);
    }

    // Math.Max keeps NaN, which a comparison would lose.
    private static double Larger(double one, double other) => Math.Max(one, other);

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}

namespace EDA.Engine.Baselines.DiffusionQl;

/// <summary>
/// The discrete chain of Diffusion-QL: β_t = 1 − exp(−0.1/T − 4.95(2t − 1)/T²), t = 1 … T, ᾱ_t = Π (1 − β). Arrays are by
/// t − 1.
/// </summary>
public sealed class ChainSchedule
{
    private const double LeastBeta = 0.1, GreatestBeta = 10;

    /// <summary>Computes the coefficients.</summary>
    /// <param name="steps">T, at least 1.</param>
    public ChainSchedule(int steps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        Steps = steps;
        (Data, Noise, DataOfSample, DataOfNoise) = (new float[steps], new float[steps], new float[steps], new float[steps]);
        (PosteriorData, PosteriorSample, PosteriorDeviation) = (new float[steps], new float[steps], new float[steps]);
        double product = 1;
        for (int i = 0; i < steps; i++)
        {
            double alpha = Math.Exp((-LeastBeta / steps) - (0.5 * (GreatestBeta - LeastBeta) * ((2 * i) + 1) / ((double)steps * steps)));
            double before = product, beta = 1 - alpha;
            product *= alpha;
            (Data[i], Noise[i]) = ((float)Math.Sqrt(product), (float)Math.Sqrt(1 - product));
            (DataOfSample[i], DataOfNoise[i]) = ((float)Math.Sqrt(1 / product), (float)Math.Sqrt((1 / product) - 1));
            PosteriorData[i] = (float)(beta * Math.Sqrt(before) / (1 - product));
            PosteriorSample[i] = (float)((1 - before) * Math.Sqrt(alpha) / (1 - product));
            PosteriorDeviation[i] = (float)Math.Sqrt(beta * (1 - before) / (1 - product));
        }
    }

    /// <summary>T.</summary>
    public int Steps { get; }

    /// <summary>sqrt ᾱ_t: the share of the action in x_t.</summary>
    public float[] Data { get; }

    /// <summary>sqrt(1 − ᾱ_t): that of the noise.</summary>
    public float[] Noise { get; }

    /// <summary>sqrt(1/ᾱ_t): what x_t counts in x̂₀.</summary>
    public float[] DataOfSample { get; }

    /// <summary>sqrt(1/ᾱ_t − 1): what ε̂ counts in it, with a minus.</summary>
    public float[] DataOfNoise { get; }

    /// <summary>β_t sqrt(ᾱ_{t−1})/(1 − ᾱ_t): what x̂₀ counts in the posterior's mean.</summary>
    public float[] PosteriorData { get; }

    /// <summary>(1 − ᾱ_{t−1}) sqrt(1 − β_t)/(1 − ᾱ_t): what x_t counts in it.</summary>
    public float[] PosteriorSample { get; }

    /// <summary>sqrt(β_t (1 − ᾱ_{t−1})/(1 − ᾱ_t)): its standard deviation, 0 at t = 1.</summary>
    public float[] PosteriorDeviation { get; }
}

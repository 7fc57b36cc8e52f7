namespace EDA.Bench.Agreement;

/// <summary>Random numbers of a stage, the same every time.</summary>
internal sealed class Numbers(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>In [-1, 1).</summary>
    public float Uniform() => (float)((2 * _random.NextDouble()) - 1);

    /// <summary>A diffusion time.</summary>
    public float Time() => 0.001f + (0.999f * (float)_random.NextDouble());

    /// <summary>Standard normal, by Box-Muller.</summary>
    public float Normal() => (float)(Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble()));

    /// <summary>1 but for a share of times, else 0.</summary>
    public float Kept(double rate) => _random.NextDouble() < rate ? 0 : 1;

    /// <summary>A row of a dataset.</summary>
    public float Index(int count) => _random.Next(count);
}

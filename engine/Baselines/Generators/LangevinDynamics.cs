using EDA.Engine.Diffusion;
using EDA.Kernels;

namespace EDA.Engine.Baselines.Generators;

/// <summary>
/// Unadjusted Langevin dynamics on a network's log-density at one diffusion time: x ← x + (η/2) ∇f(x) + √η ξ with
/// ∇f = −ε̂/σ_t (Eq. 9), from x = sξ.
/// </summary>
public static class LangevinDynamics
{
    /// <summary>Runs a chain for each point and looks at it twice.</summary>
    /// <param name="model">f, without a state.</param>
    /// <param name="time">t.</param>
    /// <param name="settings">η, the steps, s.</param>
    /// <param name="count">How many points.</param>
    /// <param name="draw">The random stream. Its step 0 is the start's, n that of step n, of <see cref="RandomPurpose.Langevin"/>, element point·A + entry.</param>
    /// <returns>The points [count×A] after the short and after the long chain.</returns>
    public static (float[] Short, float[] Long) Sample(BottleneckDiffusionModel model, double time, LangevinSettings settings, int count, in RandomDraw draw)
    {
        var device = model.Device;
        int length = count * model.Shape.ActionSize;
        using var points = device.Allocate<float>(length);
        using var noise = device.Allocate<float>(length);
        using var predicted = device.Allocate<float>(length);
        var (x, xi, slope) = (new float[length], new float[length], new float[length]);
        var times = new float[count];
        Array.Fill(times, (float)time);
        using var deviceTimes = device.Upload<float>(times);

        float drift = (float)(-settings.Rate / 2 / model.Schedule.Variance.Sigma((float)time)), spread = (float)Math.Sqrt(settings.Rate);
        Draw(draw, 0);
        for (int i = 0; i < length; i++)
            x[i] = (float)settings.StartScale * xi[i];
        float[] early = [];
        for (int step = 1; step <= settings.LongSteps; step++)
        {
            points.CopyFrom(x);
            model.Operations.Score(new() { Parameters = model.Parameters, Actions = points, Times = deviceTimes, States = null, Rows = count, Output = predicted });
            Draw(draw, step);
            predicted.CopyTo(slope);
            for (int i = 0; i < length; i++)
                x[i] += (drift * slope[i]) + (spread * xi[i]);
            if (step == settings.ShortSteps)
                early = [.. x];
        }

        return (early, x);

        void Draw(in RandomDraw stream, int step)
        {
            device.Vector.FillNormal(new() { Values = noise, Count = length, Draw = stream with { Step = (uint)step }, Purpose = RandomPurpose.Langevin });
            noise.CopyTo(xi);
        }
    }
}

using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Kernels;

namespace EDA.Engine.Evaluation;

/// <summary>
/// The denoising loss ‖σ_t ∇f + ε‖² (Eq. 10) on pairs that pretraining did not see, dropout off, with diffusion times and
/// noise that depend on the seed alone: two models are compared on the very same numbers.
/// </summary>
public static class HeldOutLoss
{
    /// <summary>Draws for each pair; with 2048 pairs the mean is then good to about 1 %.</summary>
    private const int DrawsPerPair = 8;

    /// <summary>Measures it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="view">All pairs.</param>
    /// <param name="heldOut">Those to measure on.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>The mean over pairs and draws; null where there is no pair.</returns>
    public static double? Measure(BottleneckDiffusionModel model, QLearningView view, ReadOnlySpan<int> heldOut, ulong seed)
    {
        if (heldOut.Length == 0)
            return null;
        (int stateSize, int actionSize) = (view.StateSize, view.ActionSize);
        int rows = heldOut.Length * DrawsPerPair;
        var (states, actions, times, noise) = (new float[rows * stateSize], new float[rows * actionSize], new float[rows], new float[rows * actionSize]);
        var variance = model.Schedule.Variance;
        var draw = new RandomDraw(seed, RandomStage.Evaluation, 0);
        for (int row = 0; row < rows; row++)
        {
            int pair = heldOut[row / DrawsPerPair];
            view.State(pair).CopyTo(states.AsSpan(row * stateSize));
            times[row] = variance.Time(Philox.Uniform(Philox.Word(draw, RandomPurpose.DiffusionTime, (ulong)row)));
            (double alpha, double sigma) = (variance.Alpha(times[row]), variance.Sigma(times[row]));
            for (int i = 0; i < actionSize; i++)
            {
                int at = (row * actionSize) + i;
                noise[at] = Philox.Normal(draw, RandomPurpose.Noise, (ulong)at);
                actions[at] = (float)((alpha * view.Action(pair)[i]) + (sigma * noise[at]));
            }
        }

        float[] predicted = model.Score(actions, times, states);
        double sum = 0;
        for (int i = 0; i < predicted.Length; i++)
            sum += ((double)noise[i] - predicted[i]) * ((double)noise[i] - predicted[i]);
        return sum / rows;
    }
}

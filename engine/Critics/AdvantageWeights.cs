using EDA.Engine.Data;

namespace EDA.Engine.Critics;

/// <summary>The weights of implicit Q-learning's own policy, min(e^{scale·(Q̄ − V)}, cap), at the dataset's actions (method: section 4).</summary>
public static class AdvantageWeights
{
    private const int RowsAtOnce = 1 << 16;

    /// <summary>Finds them.</summary>
    /// <param name="critic">The critic, which has a V.</param>
    /// <param name="view">The pairs.</param>
    /// <param name="rows">Those of them that are weighed.</param>
    /// <param name="scale">The factor on the advantage.</param>
    /// <param name="cap">The largest weight.</param>
    /// <returns>A weight for each of the rows.</returns>
    /// <exception cref="InvalidOperationException">The critic has no V.</exception>
    public static double[] Of(Critic critic, QLearningView view, ReadOnlySpan<int> rows, double scale, double cap)
    {
        (int stateSize, int actionSize) = (view.StateSize, view.ActionSize);
        var weights = new double[rows.Length];
        int part = Math.Min(rows.Length, RowsAtOnce);
        var (states, actions) = (new float[part * stateSize], new float[part * actionSize]);
        for (int first = 0; first < rows.Length; first += part)
        {
            int count = Math.Min(part, rows.Length - first);
            for (int i = 0; i < count; i++)
            {
                view.State(rows[first + i]).CopyTo(states.AsSpan(i * stateSize));
                view.Action(rows[first + i]).CopyTo(actions.AsSpan(i * actionSize));
            }

            float[] q = critic.Labels(states.AsSpan(0, count * stateSize), actions.AsSpan(0, count * actionSize));
            float[] values = critic.Values(states.AsSpan(0, count * stateSize));
            for (int i = 0; i < count; i++)
                weights[first + i] = Math.Min(Math.Exp(scale * ((double)q[i] - values[i])), cap);
        }

        return weights;
    }
}

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

            Of(critic, states.AsSpan(0, count * stateSize), actions.AsSpan(0, count * actionSize), scale, cap).CopyTo(weights, first);
        }

        return weights;
    }

    /// <summary>Finds those of pairs that stand in the host's memory.</summary>
    /// <param name="critic">The critic, which has a V.</param>
    /// <param name="states">s [n×S].</param>
    /// <param name="actions">a [n×A].</param>
    /// <param name="scale">The factor on the advantage.</param>
    /// <param name="cap">The largest weight.</param>
    /// <returns>A weight for each pair [n].</returns>
    /// <exception cref="ArgumentException">The arrays do not have one row per pair.</exception>
    /// <exception cref="InvalidOperationException">The critic has no V.</exception>
    public static double[] Of(Critic critic, ReadOnlySpan<float> states, ReadOnlySpan<float> actions, double scale, double cap)
    {
        float[] q = critic.Labels(states, actions), values = critic.Values(states);
        return [.. q.Select((label, i) => Math.Min(Math.Exp(scale * ((double)label - values[i])), cap))];
    }
}

using EDA.Engine.Data;
using EDA.Engine.Environments;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Evaluation;

/// <summary>Samples what policies would do in some states of a dataset (<see cref="ActionSamples"/>).</summary>
public static class ActionSampling
{
    /// <summary>K by default: enough to see a distribution's shape, and one batch of a rollout's order.</summary>
    public const int Candidates = 256;

    /// <summary>Chooses states: the rows are cut into as many stretches of equal length, and of each one row is drawn.</summary>
    /// <param name="count">The dataset's rows, N.</param>
    /// <param name="states">How many are wanted; no more than N are chosen.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>The rows, rising.</returns>
    public static int[] ChooseRows(int count, int states, ulong seed)
    {
        int chosen = Math.Min(count, states);
        var draw = new RandomDraw(seed, RandomStage.Evaluation, 0);
        return [.. Enumerable.Range(0, chosen).Select(i =>
        {
            long first = (long)i * count / chosen, end = ((long)i + 1) * count / chosen;
            return (int)(first + (long)((double)Philox.Uniform(Philox.Word(draw, RandomPurpose.EvaluationIndex, (ulong)i)) * (end - first)));
        })];
    }

    /// <summary>
    /// Samples the policies that are shown. Each acts as it does in rollouts, in K copies of a state at once: the i-th state is
    /// its step i, and sample k its episode k.
    /// </summary>
    /// <param name="contenders">The policies.</param>
    /// <param name="dataset">The dataset.</param>
    /// <param name="rows">The dataset's rows whose states are looked at.</param>
    /// <param name="candidates">K.</param>
    /// <returns>The samples; null where there is no policy to show, or what comes out are no numbers.</returns>
    internal static ActionSamples? Draw(Contenders contenders, OfflineDataset dataset, IReadOnlyList<int> rows, int candidates)
    {
        if (contenders.Shown is not { } shown || rows.Count == 0)
            return null;
        if (rows.Any(row => row < 0 || row >= dataset.Count))
            throw new ArgumentException($"a row beyond the dataset's {dataset.Count}", nameof(rows));
        var (stateSize, actionSize) = (dataset.StateSize, dataset.ActionSize);
        float[] states = Gather(dataset.States, stateSize, rows, 1), repeated = Gather(dataset.States, stateSize, rows, candidates), dataActions = Gather(dataset.Actions, actionSize, rows, 1);
        try
        {
            var samples = new ActionSamples
            {
                Rows = rows,
                StateSize = stateSize,
                ActionSize = actionSize,
                Candidates = candidates,
                States = states,
                DataActions = dataActions,
                DataQ = contenders.Rating?.Invoke(states, dataActions),
                Policies = [.. shown.Select(name => contenders.All.FirstOrDefault(each => each.Name == name)).OfType<Contender>().Select(Sample)],
            };
            return samples.IsFinite ? samples : null;
        }
        catch (TrainingDivergedException)
        {
            // Rollouts will come to the same, and say so.
            return null;
        }

        SampledActions Sample(Contender contender)
        {
            float[] actions = ActionSampling.Sample(contender, repeated, stateSize, actionSize, rows.Count, candidates);
            return new SampledActions(contender.Name, actions, contenders.Rating?.Invoke(repeated, actions), contender.Model?.Density(actions, [ActingSettings.DensityTime], repeated));
        }
    }

    /// <summary>Samples the actions of one policy: the i-th state is its step i, sample k its episode k.</summary>
    /// <param name="contender">The policy.</param>
    /// <param name="repeated">The states, each K times [n×K×S].</param>
    /// <param name="stateSize">S.</param>
    /// <param name="actionSize">A.</param>
    /// <param name="states">n.</param>
    /// <param name="candidates">K.</param>
    /// <returns>The actions [n×K×A].</returns>
    internal static float[] Sample(Contender contender, float[] repeated, int stateSize, int actionSize, int states, int candidates)
    {
        var actions = new float[states * candidates * actionSize];
        int[] episodes = [.. Enumerable.Range(0, candidates)];
        var actor = contender.Create();
        using var owned = actor as IDisposable;
        for (int i = 0; i < states; i++)
            actor.Act((uint)i, episodes, repeated.AsSpan(i * candidates * stateSize, candidates * stateSize), actions.AsSpan(i * candidates * actionSize, candidates * actionSize));
        return actions;
    }

    /// <summary>The named rows of an array [N×width], each so many times.</summary>
    internal static float[] Gather(ReadOnlySpan<float> source, int width, IReadOnlyList<int> rows, int times)
    {
        var gathered = new float[rows.Count * times * width];
        for (int i = 0; i < rows.Count * times; i++)
            source.Slice(rows[i / times] * width, width).CopyTo(gathered.AsSpan(i * width));
        return gathered;
    }
}

using EDA.Engine.Baselines;
using EDA.Kernels;

namespace EDA.Bench.Agreement;

/// <summary>The training of a method beside EDA, by the engine's own learner: what it draws is written down for the other program.</summary>
internal abstract class MethodStage(string key, string title, AgreementSize size) : AgreementStage(key, title, size)
{
    /// <summary>The rows that the learner draws of a dataset, as a tensor [steps×n].</summary>
    protected void Rows(int count) => Drawn("indices", [Size.Rows], (draw, i) => Philox.Index(Philox.Word(draw, RandomPurpose.BatchIndex, i), count));

    /// <summary>Numbers that the learner draws at each step, as a tensor [steps×shape].</summary>
    /// <param name="name">What the other program calls them.</param>
    /// <param name="shape">Those of one step.</param>
    /// <param name="number">Draws one, by its element.</param>
    protected void Drawn(string name, int[] shape, Func<RandomDraw, ulong, float> number)
    {
        int next = 0, length = shape.Aggregate(1, (product, size) => product * size);
        Tensor(name, [Steps, .. shape], () => number(Draw(next / length), (ulong)(next++ % length)));
    }

    /// <summary>Takes the steps from initial weights, and records the loss and where each network goes.</summary>
    /// <param name="learning">The learner.</param>
    /// <param name="initial">The weights of each of its parameter arrays, with the network that the other program has them in.</param>
    protected static Course Follow(MethodLearning learning, params IReadOnlyList<(string Network, float[] Values)> initial)
    {
        var (losses, moved, measured) = (new float[Steps], new Dictionary<(int, string), float[]>(), new float[learning.Measured.Count]);
        var arrays = learning.Trained.Zip(initial, (trained, first) => (first.Network, trained.Values, Before: first.Values)).ToList();
        foreach (var (_, values, before) in arrays)
            values.CopyFrom(before);
        for (int step = 0; step < Steps; step++)
        {
            learning.Step(Draw(step), step, measured);
            losses[step] = measured[0];
            if (!Marks.Contains(step + 1))
                continue;
            foreach (var network in arrays.GroupBy(array => array.Network))
                moved[(step + 1, network.Key)] = [.. network.SelectMany(array => array.Values.ToArray().Zip(array.Before, (now, then) => (float)((double)now - then)))];
        }

        return new Course(new Dictionary<string, float[]> { ["loss"] = losses }, moved);
    }
}

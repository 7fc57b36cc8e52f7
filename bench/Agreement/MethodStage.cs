using EDA.Engine.Baselines;
using EDA.Kernels;

namespace EDA.Bench.Agreement;

/// <summary>The training of a method beside EDA, by the engine's own learner: what it draws is written down for the other program.</summary>
internal abstract class MethodStage(string key, string title, AgreementSize size) : AgreementStage(key, title, size)
{
    private const string Average = "_average";

    /// <summary>The rows that the learner draws of a dataset, as a tensor [steps×n].</summary>
    /// <param name="count">The rows of the dataset.</param>
    protected void Rows(int count) => Drawn("indices", [Size.Rows], (draw, i) => Philox.Index(Philox.Word(draw, RandomPurpose.BatchIndex, i), count));

    /// <summary>The normals that the learner draws at every step.</summary>
    /// <param name="name">What the other program calls them.</param>
    /// <param name="purpose">What they are for.</param>
    /// <param name="shape">Those of one step.</param>
    protected void Normals(string name, RandomPurpose purpose, params int[] shape) => Drawn(name, shape, (draw, i) => Philox.Normal(draw, purpose, i));

    /// <summary>Numbers that the learner draws at each step, as a tensor [steps×shape].</summary>
    /// <param name="name">What the other program calls them.</param>
    /// <param name="shape">Those of one step.</param>
    /// <param name="number">Draws one, by its element.</param>
    protected void Drawn(string name, int[] shape, Func<RandomDraw, ulong, float> number)
    {
        int next = 0, length = shape.Aggregate(1, (product, size) => product * size);
        Tensor(name, [Steps, .. shape], () =>
        {
            var (step, element) = Math.DivRem(next++, length);
            return number(Draw(step), (ulong)element);
        });
    }

    /// <summary>Takes the steps from initial weights, averages from the same, and records losses and where each network goes.</summary>
    /// <param name="learning">The learner.</param>
    /// <param name="initial">The weights of each of its parameter arrays, with the network that the other program has them in; several may be one network.</param>
    /// <param name="losses">What is compared of what the learner measures, by name and place; null for the loss alone.</param>
    protected static Course Follow(MethodLearning learning, IReadOnlyList<(string Network, float[] Values)> initial, IReadOnlyList<(string Name, int Place)>? losses = null)
    {
        losses ??= [("loss", 0)];
        var found = losses.ToDictionary(loss => loss.Name, _ => new float[Steps]);
        var moved = new Dictionary<(int, string), float[]>();
        var measured = new float[learning.Measured.Count];
        var arrays = learning.Trained.Zip(initial).SelectMany(Arrays).ToList();
        foreach (var (_, now, before) in arrays)
            now.CopyFrom(before);
        for (int step = 0; step < Steps; step++)
        {
            learning.Step(Draw(step), step, measured);
            foreach (var (name, place) in losses)
                found[name][step] = measured[place];
            if (!Marks.Contains(step + 1))
                continue;
            foreach (var network in arrays.GroupBy(array => array.Network))
                moved[(step + 1, network.Key)] = [.. network.SelectMany(array => array.Now.ToArray().Zip(array.Before, (now, before) => (float)((double)now - before)))];
        }

        return new Course(found, moved);

        static IEnumerable<(string Network, DeviceArray<float> Now, float[] Before)> Arrays((TrainedParameters Trained, (string Network, float[] Values) Initial) pair)
        {
            yield return (pair.Initial.Network, pair.Trained.Values, pair.Initial.Values);
            if (pair.Trained.Average is { } average)
                yield return (pair.Initial.Network + Average, average, pair.Initial.Values);
        }
    }

    private static RandomDraw Draw(int step) => new(0, RandomStage.Method, (uint)step);
}

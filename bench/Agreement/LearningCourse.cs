using EDA.Engine.Baselines;
using EDA.Kernels;

namespace EDA.Bench.Agreement;

/// <summary>What the training of a method beside EDA came to, taken step by step by the engine's own learner.</summary>
internal static class LearningCourse
{
    /// <summary>Takes the steps.</summary>
    /// <param name="learning">The learner.</param>
    /// <param name="initial">The weights that its networks are to start from, in the order in which it named them.</param>
    /// <param name="steps">How many.</param>
    /// <param name="draw">The random stream of a step.</param>
    public static Course Run(MethodLearning learning, IReadOnlyList<float[]> initial, int steps, Func<int, RandomDraw> draw)
    {
        for (int n = 0; n < initial.Count; n++)
            learning.Trained[n].Values.CopyFrom(initial[n]);
        var losses = learning.Measured.ToDictionary(name => name, _ => new float[steps]);
        var moved = new Dictionary<(int, string), float[]>();
        var measured = new float[learning.Measured.Count];
        for (int step = 0; step < steps; step++)
        {
            learning.Step(draw(step), step, measured);
            for (int i = 0; i < measured.Length; i++)
                losses[learning.Measured[i]][step] = measured[i];
            if (!AgreementStage.Marks.Contains(step + 1))
                continue;
            for (int n = 0; n < initial.Count; n++)
                moved[(step + 1, learning.Trained[n].Name)] = [.. learning.Trained[n].Values.ToArray().Zip(initial[n], (now, before) => (float)((double)now - before))];
        }

        return new Course(losses, moved);
    }
}

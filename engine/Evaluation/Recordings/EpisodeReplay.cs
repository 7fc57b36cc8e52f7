using EDA.Engine.Environments;
using EDA.Engine.Environments.Scenes;
using EDA.Kernels;

namespace EDA.Engine.Evaluation.Recordings;

/// <summary>Plays an episode of an evaluation again, by the actions that were taken in it, and writes down what is to be seen.</summary>
internal static class EpisodeReplay
{
    /// <summary>Plays it.</summary>
    /// <param name="kind">The environment, of which an instance of its own is made.</param>
    /// <param name="draw">The random stream of the episode, as it was drawn from.</param>
    /// <param name="actions">The actions that were taken [T×A].</param>
    /// <returns>The arrays, without Q; null where the episode does not end with the last action, or ends before.</returns>
    public static RecordedArrays? Play(EnvironmentKind kind, in RandomDraw draw, float[] actions)
    {
        int stateSize = kind.Description.ObservationSize, actionSize = kind.Description.ActionSize, length = actions.Length / actionSize;
        using var environment = kind.Create();
        var picture = environment as IPicturedEnvironment;
        int width = 3 * (picture?.Scene.Points ?? 0);
        var (observations, rewards, points) = (new float[length * stateSize], new double[length], new float[(length + 1) * width]);
        var (observation, action, places) = (new double[stateSize], new double[actionSize], new double[width]);
        environment.Reset(draw, observation);
        var goal = environment is IGoalEnvironment { Goal: var (x, y) } ? new ScenePlace(x, y) : null;
        Look(0);
        StepOutcome outcome = default;
        for (int step = 0; step < length; step++)
        {
            if (outcome.Ended)
                return null;
            Copy(observation, observations.AsSpan(step * stateSize));
            for (int i = 0; i < actionSize; i++)
                action[i] = actions[(step * actionSize) + i];
            outcome = environment.Step(action, observation);
            rewards[step] = outcome.Reward;
            Look(step + 1);
        }

        return outcome.Ended
            ? new() { Observations = observations, Actions = actions, Rewards = rewards, Points = picture is null ? null : points, Terminated = outcome.Terminated, Goal = goal }
            : null;

        void Look(int frame)
        {
            picture?.ReadPoints(places);
            Copy(places, points.AsSpan(frame * width));
        }

        static void Copy(double[] from, Span<float> to)
        {
            for (int i = 0; i < from.Length; i++)
                to[i] = (float)from[i];
        }
    }
}

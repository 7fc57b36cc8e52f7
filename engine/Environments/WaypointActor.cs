using EDA.Engine.Environments.Mazes;

namespace EDA.Engine.Environments;

/// <summary>Steers point masses to their maze's goal by waypoints: the 100 of the point mazes' scores.</summary>
/// <param name="maze">The maze.</param>
public sealed class WaypointActor(MazeLayout maze) : IActor
{
    private readonly Dictionary<int, WaypointController> _controllers = [];

    /// <inheritdoc/>
    public void Act(uint step, ReadOnlySpan<int> episodes, ReadOnlySpan<float> observations, Span<float> actions)
    {
        int size = observations.Length / episodes.Length;
        Span<double> observation = stackalloc double[4];
        Span<double> action = stackalloc double[2];
        for (int row = 0; row < episodes.Length; row++)
        {
            // A controller remembers its way, so each episode has its own, and a new one at its first step.
            if (step == 0 || !_controllers.TryGetValue(episodes[row], out var controller))
                _controllers[episodes[row]] = controller = new WaypointController(maze);
            for (int i = 0; i < observation.Length; i++)
                observation[i] = observations[(row * size) + i];
            controller.Act(observation, action);
            (actions[2 * row], actions[(2 * row) + 1]) = ((float)action[0], (float)action[1]);
        }
    }
}

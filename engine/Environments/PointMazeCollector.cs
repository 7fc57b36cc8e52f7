using EDA.Engine.Environments.Mazes;
using EDA.Kernels;

namespace EDA.Engine.Environments;

/// <summary>Rows of experience in D4RL's form: what happened, step after step and episode after episode.</summary>
/// <param name="ObservationSize">S.</param>
/// <param name="ActionSize">A.</param>
/// <param name="Observations">The observation before each step [N×S].</param>
/// <param name="Actions">The action of each step [N×A].</param>
/// <param name="Rewards">The reward of each step [N].</param>
/// <param name="Terminals">Whether the step ended the task [N].</param>
/// <param name="Timeouts">Whether the episode was cut after the step [N]; the next row starts another.</param>
public sealed record ExperienceRows(
    int ObservationSize,
    int ActionSize,
    float[] Observations,
    float[] Actions,
    float[] Rewards,
    bool[] Terminals,
    bool[] Timeouts)
{
    /// <summary>N.</summary>
    public int Count => Rewards.Length;
}

/// <summary>How a point maze's dataset is collected.</summary>
public sealed record PointMazeCollection
{
    /// <summary>N, the count of steps.</summary>
    public int Rows { get; init => field = Setting.Range(value, 1, 1 << 24); } = 100_000;

    /// <summary>The standard deviation of the noise on each force, as a share of the largest force.</summary>
    public double ActionNoise { get; init => field = Setting.Positive(value, 10); } = 0.5;

    /// <summary>The probability, at each step, that the controller thinks of another errand.</summary>
    public double Distraction { get; init => field = Setting.Share(value, oneAllowed: true); } = 0.02;

    /// <summary>The seed.</summary>
    public ulong Seed { get; init; }
}

/// <summary>
/// Collects a dataset as D4RL collected maze2d: a waypoint controller runs errands between random cells with noisy
/// hands, not knowing of the task's goal. Rewards and terminals are the task's own.
/// </summary>
public static class PointMazeCollector
{
    /// <summary>Collects a dataset.</summary>
    /// <param name="task">The task.</param>
    /// <param name="collection">How.</param>
    /// <returns>The rows; the last episode is cut where they end.</returns>
    public static ExperienceRows Collect(PointMazeTask task, PointMazeCollection collection)
    {
        var description = task.Description;
        (int stateSize, int actionSize) = (description.ObservationSize, description.ActionSize);
        var rows = new ExperienceRows(
            stateSize,
            actionSize,
            new float[(long)collection.Rows * stateSize],
            new float[(long)collection.Rows * actionSize],
            new float[collection.Rows],
            new bool[collection.Rows],
            new bool[collection.Rows]);
        var errands = new Errands(task, collection);
        Span<double> observation = stackalloc double[stateSize];
        Span<double> action = stackalloc double[actionSize];
        errands.Begin(0, observation);
        for (int row = 0; row < rows.Count; row++)
        {
            errands.Act(observation, action);
            Store(observation, rows.Observations.AsSpan(row * stateSize, stateSize));
            Store(action, rows.Actions.AsSpan(row * actionSize, actionSize));
            var outcome = errands.Step(action, observation);
            rows.Rewards[row] = (float)outcome.Reward;
            rows.Terminals[row] = outcome.Terminated;
            rows.Timeouts[row] = !outcome.Terminated && (outcome.Truncated || row + 1 == rows.Count);
            if (outcome.Ended)
                errands.Begin(errands.Episode + 1, observation);
        }

        return rows;
    }

    private static void Store(ReadOnlySpan<double> values, Span<float> to)
    {
        for (int i = 0; i < values.Length; i++)
            to[i] = (float)values[i];
    }

    /// <summary>The controller on its errands, one episode after another.</summary>
    private sealed class Errands(PointMazeTask task, PointMazeCollection collection)
    {
        // Words of an episode's first errand, and of each step's: whether there is a new one, and whereto.
        private const int WordsPerErrand = 2;

        private readonly PointMazeEnvironment _environment = new(task);
        private readonly WaypointController _controller = new(task.Maze);
        private RandomDraw _draw;
        private int _step;

        public uint Episode => _draw.Step;

        /// <summary>An episode begins in a random cell that is not the goal's.</summary>
        public void Begin(uint episode, Span<double> observation)
        {
            _draw = new RandomDraw(collection.Seed, RandomStage.Data, episode);
            _step = 0;
            var cells = task.Maze.Free;
            int start = Philox.Index(Word(0), cells.Count - 1);
            var cell = cells[start] == task.Maze.Goal ? cells[^1] : cells[start];
            _environment.ResetIn(cell, _draw, observation);
            Head(observation, Word(1));
        }

        public void Act(ReadOnlySpan<double> observation, Span<double> action)
        {
            int words = (_step + 1) * WordsPerErrand;
            if (_controller.Arrived || Philox.Uniform(Word(words)) < collection.Distraction)
                Head(observation, Word(words + 1));
            _controller.Act(observation, action);
            for (int i = 0; i < action.Length; i++)
            {
                double noise = EpisodeRandom.Normal(_draw, RandomPurpose.ControllerNoise, (_step * action.Length) + i);

                // The environment gets the very number that is stored.
                action[i] = (float)Math.Clamp(action[i] + (collection.ActionNoise * noise), -1, 1);
            }
        }

        public StepOutcome Step(ReadOnlySpan<double> action, Span<double> observation)
        {
            _step++;
            return _environment.Step(action, observation);
        }

        private uint Word(int element) => Philox.Word(_draw, RandomPurpose.Errand, (ulong)element);

        private void Head(ReadOnlySpan<double> observation, uint word) =>
            _controller.Head(PointMass.CellOf(observation[0], observation[1]), task.Maze.Free[Philox.Index(word, task.Maze.Free.Count)]);
    }
}

using EDA.Engine.Data;
using EDA.Engine.Environments.Mazes;
using EDA.Kernels;

namespace EDA.Engine.Environments;

/// <summary>How a point maze's dataset is collected.</summary>
public sealed record PointMazeCollection
{
    /// <summary>N, the count of steps, at least 2.</summary>
    public int Rows { get; init => field = Setting.Range(value, 2, 1 << 24); } = 100_000;

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
    /// <returns>The dataset; its last episode is cut where the rows end.</returns>
    public static OfflineDataset Collect(PointMazeTask task, PointMazeCollection collection)
    {
        var description = task.Description;
        (int stateSize, int actionSize) = (description.ObservationSize, description.ActionSize);
        var states = new float[(long)collection.Rows * stateSize];
        var actions = new float[(long)collection.Rows * actionSize];
        var rewards = new float[collection.Rows];
        var terminals = new bool[collection.Rows];
        var timeouts = new bool[collection.Rows];
        var errands = new Errands(task, collection);
        Span<double> observation = stackalloc double[stateSize];
        Span<double> action = stackalloc double[actionSize];
        errands.Begin(0, observation);
        for (int row = 0; row < collection.Rows; row++)
        {
            errands.Act(observation, action);
            Store(observation, states.AsSpan(row * stateSize, stateSize));
            Store(action, actions.AsSpan(row * actionSize, actionSize));
            var outcome = errands.Step(action, observation);
            rewards[row] = (float)outcome.Reward;
            terminals[row] = outcome.Terminated;
            timeouts[row] = !outcome.Terminated && (outcome.Truncated || row + 1 == collection.Rows);
            if (outcome.Ended)
                errands.Begin(errands.Episode + 1, observation);
        }

        var provenance = DatasetProvenance.Generated($"{description.Name}, seed {collection.Seed}");
        return OfflineDataset.Create(states, stateSize, actions, actionSize, rewards, terminals, timeouts, provenance, description.StepLimit);
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

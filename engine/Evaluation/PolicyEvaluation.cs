using System.Diagnostics;
using EDA.Engine.Environments;
using EDA.Kernels;

namespace EDA.Engine.Evaluation;

/// <summary>How a policy is evaluated. Defaults are the paper's.</summary>
public sealed record PolicyEvaluationSettings
{
    /// <summary>Episodes, at least 1. Paper: 20.</summary>
    public int Episodes { get; init => field = Setting.Range(value, 1, 100_000); } = 20;

    /// <summary>The seed of first states, goals and whatever else an episode draws.</summary>
    public ulong Seed { get; init; }

    /// <summary>Threads that step environments, at least 1. No result depends on it.</summary>
    public int Threads { get; init => field = Setting.Range(value, 1, 1024); } = Environment.ProcessorCount;
}

/// <summary>Where an evaluation stands.</summary>
/// <param name="Step">The steps done by the episodes that still run.</param>
/// <param name="StepLimit">The most steps of an episode.</param>
/// <param name="Running">How many episodes still run.</param>
/// <param name="Episodes">How many there are.</param>
public readonly record struct PolicyEvaluationProgress(int Step, int StepLimit, int Running, int Episodes);

/// <summary>
/// The evaluation of a policy in an environment (method: sections 6 and 7): all episodes go in lockstep, so that each step is
/// one batch of samples; the environments are stepped by several threads. Every episode has its own simulation and its
/// own random stream, so what it comes to depends neither on the threads nor on the other episodes.
/// </summary>
public static class PolicyEvaluation
{
    /// <summary>Plays the episodes.</summary>
    /// <param name="kind">The environment.</param>
    /// <param name="actor">The policy.</param>
    /// <param name="settings">How.</param>
    /// <param name="progress">Called after each step; null for none.</param>
    /// <param name="cancellation">Ends the evaluation without a result.</param>
    /// <returns>What they came to.</returns>
    /// <exception cref="MissingLibraryException">The environment needs a library that is not there.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static PolicyScore Run(
        EnvironmentKind kind,
        IActor actor,
        PolicyEvaluationSettings settings,
        Action<PolicyEvaluationProgress>? progress = null,
        CancellationToken cancellation = default) => Run(kind, actor, settings, new ActionLog(), progress, cancellation);

    /// <summary>The same, going on from what an interrupted evaluation has written down.</summary>
    internal static PolicyScore Run(
        EnvironmentKind kind, IActor actor, PolicyEvaluationSettings settings, ActionLog log, Action<PolicyEvaluationProgress>? progress, CancellationToken cancellation)
    {
        log.Rewind();
        var before = log.Seconds;
        long begin = Stopwatch.GetTimestamp();
        var (stateSize, actionSize) = (kind.Description.ObservationSize, kind.Description.ActionSize);
        var episodes = new Episode[settings.Episodes];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = settings.Threads };
        try
        {
            for (int i = 0; i < episodes.Length; i++)
                episodes[i] = new Episode(kind, DrawOf(settings.Seed, i));
            int[] running = [.. Enumerable.Range(0, episodes.Length)];
            var observations = new float[(long)episodes.Length * stateSize];
            var actions = new float[(long)episodes.Length * actionSize];
            long acting = 0;
            for (uint step = 0; running.Length > 0; step++)
            {
                cancellation.ThrowIfCancellationRequested();
                var chosen = actions.AsSpan(0, running.Length * actionSize);
                if (log.HasNext)
                    TakeAgain(step, chosen);
                else
                    log.Add(running.Length, Act(step, chosen));
                int[] now = running;
                Parallel.For(0, now.Length, parallel, row => episodes[now[row]].Step(actions.AsSpan(row * actionSize, actionSize)));
                running = [.. running.Where(i => !episodes[i].Ended)];
                log.Seconds = Seconds();
                progress?.Invoke(new PolicyEvaluationProgress((int)step + 1, kind.Description.StepLimit, running.Length, episodes.Length));
            }

            log.IsComplete = true;

            return new PolicyScore(
                kind.Description.Reference,
                [.. episodes.Select(episode => episode.Return)],
                [.. episodes.Select(episode => episode.Steps)],
                [.. episodes.Select(episode => episode.Terminated)],
                log.Seconds.All,
                log.Seconds.Acting);

            // The first step is chosen anew, too: by another device, precision or version of this program it is another.
            void TakeAgain(uint step, Span<float> chosen)
            {
                log.Take(running.Length, chosen);
                if (step == 0 && !Act(step, new float[chosen.Length]).SequenceEqual(chosen))
                    throw new ReplayException();
            }

            Span<float> Act(uint step, Span<float> chosen)
            {
                for (int row = 0; row < running.Length; row++)
                    episodes[running[row]].CopyObservation(observations.AsSpan(row * stateSize, stateSize));
                long start = Stopwatch.GetTimestamp();
                actor.Act(step, running, observations.AsSpan(0, running.Length * stateSize), chosen);
                acting += Stopwatch.GetTimestamp() - start;
                return chosen;
            }

            (double All, double Acting) Seconds() => (before.All + Stopwatch.GetElapsedTime(begin).TotalSeconds, before.Acting + Stopwatch.GetElapsedTime(0, acting).TotalSeconds);
        }
        finally
        {
            foreach (var episode in episodes)
                episode?.Dispose();
        }
    }

    /// <summary>The random stream of an episode.</summary>
    internal static RandomDraw DrawOf(ulong seed, int episode) => new(seed, RandomStage.Evaluation, (uint)episode);

    private sealed class Episode : IDisposable
    {
        private readonly IEnvironment _environment;
        private readonly double[] _observation;
        private readonly double[] _action;

        public Episode(EnvironmentKind kind, in RandomDraw draw)
        {
            _environment = kind.Create();
            _observation = new double[kind.Description.ObservationSize];
            _action = new double[kind.Description.ActionSize];
            _environment.Reset(draw, _observation);
        }

        public double Return { get; private set; }

        public int Steps { get; private set; }

        public bool Terminated { get; private set; }

        public bool Ended { get; private set; }

        public void CopyObservation(Span<float> observation)
        {
            for (int i = 0; i < _observation.Length; i++)
                observation[i] = (float)_observation[i];
        }

        public void Step(ReadOnlySpan<float> action)
        {
            for (int i = 0; i < _action.Length; i++)
                _action[i] = action[i];
            var outcome = _environment.Step(_action, _observation);
            Steps++;
            Return += outcome.Reward;
            Terminated = outcome.Terminated;
            Ended = outcome.Ended;
        }

        public void Dispose() => _environment.Dispose();
    }
}

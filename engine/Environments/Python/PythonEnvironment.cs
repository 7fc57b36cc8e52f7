using System.Text.Json.Nodes;
using EDA.Kernels;

namespace EDA.Engine.Environments.Python;

/// <summary>
/// One instance of an environment in a worker. Actions in [-1, 1] are spread over its action space; where that is [-1, 1] itself, or has no
/// bounds, they are taken as they are. It is cut at its step limit also where it does not cut itself.
/// </summary>
/// <param name="description">What it is.</param>
/// <param name="worker">Where it is.</param>
/// <param name="name">Its name, prefix included.</param>
/// <param name="number">Its number in the worker.</param>
/// <param name="low">The least action [A].</param>
/// <param name="high">The greatest [A].</param>
internal sealed class PythonEnvironment(EnvironmentDescription description, PythonWorker worker, string name, int number, double[] low, double[] high) : IEnvironment
{
    // The published code seeds the first of its episodes so.
    private const long FirstSeed = 1001;
    private const long SeedsOfAnEvaluation = 100_000, MostSeed = int.MaxValue;

    private bool _isMade;
    private int _steps;

    /// <inheritdoc/>
    public EnvironmentDescription Description => description;

    /// <inheritdoc/>
    public void Reset(in RandomDraw episode, Span<double> observation)
    {
        if (!_isMade)
        {
            Ask("make", name);
            _isMade = true;
        }

        _steps = 0;
        long seed = (FirstSeed + episode.Step + (SeedsOfAnEvaluation * (long)(episode.Seed % (ulong)(MostSeed / SeedsOfAnEvaluation)))) % MostSeed;
        Read(Ask("reset", seed), observation);
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always: Gymnasium has no common way to set a state.</exception>
    public void Restore(in RandomDraw episode, ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, Span<double> observation) =>
        throw new NotSupportedException($"{name} cannot be put into a state");

    /// <inheritdoc/>
    public void ReadState(Span<double> positions, Span<double> velocities)
    {
    }

    /// <inheritdoc/>
    public StepOutcome Step(ReadOnlySpan<double> action, Span<double> observation)
    {
        var played = new JsonArray();
        for (int i = 0; i < action.Length; i++)
        {
            double at = Math.Clamp(action[i], -1, 1);
            // From the middle, not from the least: so an action near zero keeps all its digits.
            played.Add(double.IsFinite(high[i] - low[i]) ? Math.Clamp(((low[i] + high[i]) / 2) + (at * ((high[i] - low[i]) / 2)), low[i], high[i]) : at);
        }

        var answer = Ask("step", played);
        Read(answer, observation);
        _steps++;
        return new(answer["reward"]!.GetValue<double>(), answer["terminated"]!.GetValue<bool>(), answer["truncated"]!.GetValue<bool>() || _steps >= description.StepLimit);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_isMade)
            return;
        _isMade = false;
        try
        {
            Ask("close", true);
        }
        catch (EnvironmentFailedException)
        {
            // Why it ended has been said where it was stepped.
        }
    }

    private JsonObject Ask(string what, JsonNode value) => worker.Ask(new JsonObject { ["environment"] = number, [what] = value });

    private void Read(JsonObject answer, Span<double> observation)
    {
        var numbers = answer["observation"]!.AsArray();
        if (numbers.Count != observation.Length)
            throw new EnvironmentFailedException(FormattableString.Invariant($"{name}: an observation has {numbers.Count} numbers; its space has {observation.Length}"));
        for (int i = 0; i < observation.Length; i++)
            observation[i] = numbers[i]!.GetValue<double>();
    }
}

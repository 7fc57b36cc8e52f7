using EDA.Engine.Environments;
using EDA.Engine.Environments.Scenes;
using EDA.Engine.Files;
using EDA.Engine.Runs;
using EDA.Kernels;

namespace EDA.Engine.Evaluation.Recordings;

/// <summary>
/// Keeps some episodes of every policy that was rolled out, to be looked at: when all rollouts are complete they are
/// played again by the actions that were taken. No number of the evaluation depends on it.
/// </summary>
internal static class EpisodeRecording
{
    /// <summary>Forgets what was kept of earlier rollouts.</summary>
    /// <param name="folder">The folder; it need not be there.</param>
    /// <exception cref="IOException">Something cannot be deleted.</exception>
    public static void Clear(string folder)
    {
        if (!Directory.Exists(folder))
            return;

        // The list first: without it no file means anything.
        File.Delete(Path.Combine(folder, RecordedRollouts.FileName));
        foreach (string file in Directory.EnumerateFiles(folder, "*.npz"))
            File.Delete(file);
    }

    /// <summary>Plays the chosen episodes again and writes them down.</summary>
    /// <param name="folder">The folder, made where it is not there.</param>
    /// <param name="kind">The environment.</param>
    /// <param name="run">The settings.</param>
    /// <param name="contenders">Who was rolled out.</param>
    /// <param name="log">What they did, complete.</param>
    /// <param name="scores">What it came to, by the names of the contenders.</param>
    /// <param name="notice">Is told of a policy whose episodes cannot be kept.</param>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static void Write(
        string folder, EnvironmentKind kind, RunSettings run, Contenders contenders, RolloutLog log, IReadOnlyDictionary<string, PolicyScore> scores, Action<string> notice)
    {
        if (run.Evaluation.Recorded == 0)
            return;
        Directory.CreateDirectory(folder);
        var policies = new List<RecordedPolicy>();
        foreach (var (name, _) in contenders.All)
        {
            var chosen = EpisodeChoice.Of(scores[name].Returns, run.Evaluation.Recorded);
            var played = Play(kind, run.Evaluation.Seed, log.Of(name), scores[name], [.. chosen.Select(each => each.Episode)]);
            if (Array.FindIndex(played, each => each is null) is >= 0 and int wrong)
            {
                notice($"no episodes of {name} are kept: played again, episode {chosen[wrong].Episode} does not come to the return that it had");
                continue;
            }

            policies.Add(new(name, [.. chosen.Zip(played, (each, arrays) => Write(folder, name, each.Episode, each.Names, arrays! with { Q = Rate(contenders, arrays) }, kind, scores[name]))]));
        }

        using var drawn = kind.Create();
        new RecordedRollouts(kind.Name, kind.Description.StepSeconds, kind.Description.Reference, (drawn as IPicturedEnvironment)?.Scene, policies).Save(folder);
    }

    // Null in place of an episode that does not come to the very return that it had.
    private static RecordedArrays?[] Play(EnvironmentKind kind, ulong seed, ActionLog log, PolicyScore score, int[] episodes)
    {
        var actions = log.ActionsOf(episodes, score.Lengths, kind.Description.ActionSize);
        var played = new RecordedArrays?[episodes.Length];
        Parallel.For(0, episodes.Length, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, i =>
        {
            var arrays = actions is null ? null : EpisodeReplay.Play(kind, PolicyEvaluation.DrawOf(seed, episodes[i]), actions[i]);
            double sum = 0;
            foreach (double reward in arrays?.Rewards ?? [])
                sum += reward;
            played[i] = arrays is not null && sum.Equals(score.Returns[episodes[i]]) && arrays.Terminated == score.Terminated[episodes[i]] ? arrays : null;
        });
        return played;
    }

    private static float[]? Rate(Contenders contenders, RecordedArrays arrays) => contenders.Rating?.Invoke(arrays.Observations, arrays.Actions);

    private static RecordedEpisode Write(string folder, string policy, int episode, IReadOnlyList<string> keptAs, RecordedArrays arrays, EnvironmentKind kind, PolicyScore score)
    {
        string name = FormattableString.Invariant($"{policy}-{episode}.npz");
        WholeFile.Write(Path.Combine(folder, name), overwrite: true, arrays.Write);
        double total = score.Returns[episode];
        return new(episode, keptAs, name, arrays.Length, total, kind.Description.Reference.Score(total), arrays.Terminated, arrays.Goal);
    }
}

using System.CommandLine;
using EDA.Host.CommandLine;
using EDA.Host.Experiments;

namespace EDA.Host.Commands;

/// <summary>How many of several seeds are run at once.</summary>
internal static class SeedJobs
{
    /// <summary>The option.</summary>
    public static Option<string?> Option() => new("--jobs") { Description = "how many of several seeds on a dataset at once, each a process with its share of the cores (1)", HelpName = "N" };

    /// <summary>What was chosen.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="option">The option.</param>
    /// <param name="refusal">What is allowed where it cannot be given; null where it can.</param>
    /// <param name="words">What each process is told beside its folder.</param>
    /// <returns>The jobs; null for one after the other.</returns>
    /// <exception cref="UserError">It is not allowed.</exception>
    public static SeedsAtOnce? Of(ParseResult result, Option<string?> option, string? refusal, IReadOnlyList<string> words)
    {
        if (result.WholeNumber(option, 1, WorkerOptions.MostJobs) is not { } jobs)
            return null;
        if (refusal is not null)
            throw UserError.Value(option.Name, result.GetValue(option)!, refusal);
        return jobs == 1 ? null : new SeedsAtOnce(jobs, words, Console.Out);
    }
}

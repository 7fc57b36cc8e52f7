using System.CommandLine;
using EDA.Host.CommandLine;
using EDA.Host.Experiments;

namespace EDA.Host.Commands;

/// <summary>Who works on a sweep: processes here, or Slurm's jobs.</summary>
internal sealed class WorkerOptions
{
    /// <summary>How many workers there can be.</summary>
    public const int MostJobs = 256;

    private readonly Option<string?> _jobs = new("--jobs") { Description = "how many workers, each a process with its share of the cores (1)", HelpName = "N" };
    private readonly Option<bool> _slurm = new("--slurm") { Description = "hand the stages to Slurm as job arrays, and return" };
    private readonly Option<string?> _options = new("--slurm-options") { Description = "further options of sbatch, for instance \"--partition=cpu --cpus-per-task=4\"", HelpName = "TEXT" };

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_jobs, _slurm, _options])
            command.Options.Add(option);
    }

    public (int Jobs, IReadOnlyList<string>? Slurm) Of(ParseResult result)
    {
        int? jobs = result.WholeNumber(_jobs, 1, MostJobs);
        string? words = result.GetValue(_options);
        if (!result.GetValue(_slurm))
            return words is null ? (jobs ?? 1, null) : throw UserError.Value(_options.Name, words, "nothing without --slurm");
        if (jobs is not null)
            throw new UserError($"{_jobs.Name} and {_slurm.Name} are both given; allowed is one of them");
        SlurmJobs.Require();
        return (0, [.. System.CommandLine.Parsing.CommandLineParser.SplitCommandLine(words ?? string.Empty)]);
    }
}

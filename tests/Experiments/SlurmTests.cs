using System.Diagnostics;
using System.Globalization;
using EDA.Tests.Host;

namespace EDA.Tests.Experiments;

/// <summary>A sweep through a real Slurm comes to what local workers come to, whatever becomes of single jobs.</summary>
[Trait("speed", "slow")]
public sealed class SlurmTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [OptionalFact(OptionalNeeds.Slurm)]
    public void A_sweep_goes_through_slurm_with_a_job_killed_and_one_preempted()
    {
        using var cluster = new SlurmCluster();
        string[] sweep = [.. SweepFolder.Longer, "behavior.steps=6000", .. SweepFolder.Grid];
        var local = EdaProcess.Run(_folder.Path, ["sweep", "pointmaze-umaze", .. sweep, "--jobs", "2", "--out", "local"]);
        Assert.True(local.Status == 0, local.Error);
        var submitted = EdaProcess.Run(
            _folder.Path, cluster.Settings, ["sweep", "pointmaze-umaze", .. sweep, "--slurm", "--slurm-options", "--partition=low --cpus-per-task=1", "--out", "slurm"]);
        Assert.True(submitted.Status == 0, submitted.Error);
        SweepFolder here = new(_folder, "local"), there = new(_folder, "slurm");

        // A more important job takes the node; what it preempts saves, and comes back.
        SlurmCluster.Until(() => there.Workers.Length > 0, "a worker");
        string important = cluster.Call("sbatch", "--parsable", "--partition=high", "--exclusive", "--output=/dev/null", "--wrap", "sleep 2");
        SlurmCluster.Until(() => cluster.Call("squeue", "--noheader", "--jobs", important, "--format", "%T") == "RUNNING", "the important job");
        Assert.Contains("slurm    behavior, job ", EdaProcess.Run(_folder.Path, cluster.Settings, "sweep", "status", "slurm").Output, StringComparison.Ordinal);

        // A worker that is killed goes on in its job.
        SlurmCluster.Until(() => cluster.Call("squeue", "--noheader", "--jobs", important, "--format", "%T") != "RUNNING" && there.Workers.Length > 0, "another worker");
        using (var kill = Process.Start("kill", ["-9", there.Workers[0].ToString(CultureInfo.InvariantCulture)]))
            kill.WaitForExit();

        SlurmCluster.Until(
            () =>
            {
                // What was put back would otherwise wait for two minutes.
                foreach (string[] job in cluster.Call("squeue", "--noheader", "--array", "--states=PENDING", "--format", "%i %r").Split('\n').Select(line => line.Split(' ')).Where(job => job is [_, "BeginTime"]))
                    _ = cluster.Call("scontrol", "update", "jobid=" + job[0], "StartTime=now");
                return cluster.Call("squeue", "--noheader").Length == 0;
            },
            "the end",
            180);
        string status = EdaProcess.Run(_folder.Path, cluster.Settings, "sweep", "status", "slurm").Output;
        Assert.True(there.Results == 9, status);
        Assert.Contains("Restarts=1", cluster.Call("scontrol", "show", "jobs"), StringComparison.Ordinal);
        here.AssertSame(there);
        Assert.False(Directory.Exists(_folder.At("slurm/failures")), status);
    }

    [Fact]
    public void Without_slurm_a_line_says_so()
    {
        var result = EdaProcess.Run(_folder.Path, new Dictionary<string, string> { ["PATH"] = Path.GetDirectoryName(Environment.ProcessPath)! }, "sweep", "pointmaze-umaze", "--slurm");
        if (File.Exists(Path.Combine(Path.GetDirectoryName(Environment.ProcessPath)!, "sbatch")))
            return;
        Assert.Equal((2, 1), (result.Status, result.ErrorLines.Length));
        Assert.Contains("--slurm needs sbatch", result.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
        var both = EdaProcess.Run(_folder.Path, "sweep", "pointmaze-umaze", "--slurm-options", "--partition=x");
        Assert.Equal(2, both.Status);
        Assert.Contains("nothing without --slurm", both.Error, StringComparison.Ordinal);
    }
}

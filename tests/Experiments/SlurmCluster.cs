using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using EDA.Tests.Host;

namespace EDA.Tests.Experiments;

/// <summary>
/// A real Slurm of one node in a folder of its own: Debian's munged, slurmctld and slurmd, started here and ended after. A
/// partition <c>high</c> preempts the partition <c>low</c>, whose jobs go back into the queue.
/// </summary>
internal sealed class SlurmCluster : IDisposable
{
    private static readonly string[] _daemons = ["munged", "slurmctld", "slurmd"];

    private readonly ScratchFolder _folder = new();
    private readonly List<Process> _started = [];

    public SlurmCluster()
    {
        string root = _folder.Path, host = Dns.GetHostName().Split('.')[0];
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(root, (UnixFileMode)Convert.ToInt32("755", 8));
        foreach (string name in (string[])["state", "spool"])
            Directory.CreateDirectory(Path.Combine(root, name));
        string key = _folder.At("munge.key");
        File.WriteAllBytes(key, RandomNumberGenerator.GetBytes(1024));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(key, UnixFileMode.UserRead);
        File.WriteAllText(Conf, string.Create(CultureInfo.InvariantCulture, $"""
            ClusterName=eda
            SlurmctldHost={host}(127.0.0.1)
            SlurmctldPort={FreePort()}
            SlurmdPort={FreePort()}
            AuthType=auth/munge
            AuthInfo=socket={root}/munge.socket
            CredType=cred/munge
            SlurmUser=root
            SlurmdUser=root
            StateSaveLocation={root}/state
            SlurmdSpoolDir={root}/spool
            SlurmctldPidFile={root}/slurmctld.pid
            SlurmdPidFile={root}/slurmd.pid
            SlurmctldLogFile={root}/slurmctld.log
            SlurmdLogFile={root}/slurmd.log
            ProctrackType=proctrack/linuxproc
            TaskPlugin=task/none
            SwitchType=switch/none
            MpiDefault=none
            JobAcctGatherType=jobacct_gather/none
            SelectType=select/cons_tres
            SelectTypeParameters=CR_Core
            PreemptType=preempt/partition_prio
            PreemptMode=REQUEUE
            SchedulerParameters=sched_interval=1,bf_interval=1,sched_min_interval=100000
            ReturnToService=2
            JobRequeue=1
            KillWait=10
            NodeName={host} NodeAddr=127.0.0.1 CPUs={Math.Min(2, Environment.ProcessorCount)} State=UNKNOWN
            PartitionName=low Nodes={host} Default=YES PriorityTier=1 PreemptMode=REQUEUE MaxTime=INFINITE State=UP
            PartitionName=high Nodes={host} PriorityTier=10 MaxTime=INFINITE State=UP

            """));
        Start("munged", "--force", "--foreground", "--key-file=" + key, $"--socket={root}/munge.socket", $"--pid-file={root}/munged.pid", $"--log-file={root}/munged.log", $"--seed-file={root}/munge.seed");
        Until(() => File.Exists(_folder.At("munge.socket")), "munged");
        Start("slurmctld", "-D");
        Start("slurmd", "-D");
        Until(() => Call("sinfo", "--noheader", "--format", "%T").Contains("idle", StringComparison.Ordinal), "Slurm", 120);
    }

    /// <summary>Whether this machine can have one.</summary>
    public static bool CanBeHad => OperatingSystem.IsLinux() && Environment.UserName == "root" && _daemons.All(name => File.Exists("/usr/sbin/" + name)) && File.Exists("/usr/bin/sbatch");

    /// <summary>What Slurm's commands need to find it.</summary>
    public IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string> { ["SLURM_CONF"] = Conf };

    private string Conf => _folder.At("slurm.conf");

    /// <summary>Runs one of Slurm's commands.</summary>
    public string Call(string program, params string[] words)
    {
        var start = new ProcessStartInfo(program, words) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["SLURM_CONF"] = Conf;
        using var process = Process.Start(start)!;
        _ = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output.Trim();
    }

    /// <summary>Waits for something, and fails where it does not come.</summary>
    public static void Until(Func<bool> condition, string what, int seconds = 60)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(seconds), $"{what} does not come");
            Thread.Sleep(100);
        }
    }

    public void Dispose()
    {
        _ = Call("scancel", "--user=root");
        foreach (var process in Enumerable.Reverse(_started))
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
        }

        _folder.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void Start(string daemon, params string[] words)
    {
        var start = new ProcessStartInfo("/usr/sbin/" + daemon, words) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["SLURM_CONF"] = Conf;
        var process = Process.Start(start)!;
        _ = process.StandardOutput.ReadToEndAsync();
        _ = process.StandardError.ReadToEndAsync();
        _started.Add(process);
    }
}

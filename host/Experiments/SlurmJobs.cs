using System.Diagnostics;
using System.Text.Json.Nodes;
using EDA.Engine.Experiments;
using EDA.Host.CommandLine;
using EDA.Host.Reports;
using EDA.Host.Runs;

namespace EDA.Host.Experiments;

/// <summary>
/// Hands a sweep to Slurm: for each kind of stage a job array with a task for each stage that is not done, which waits for
/// the arrays of the stages that those read. A task is a worker that does its stage; where something that the stage reads
/// was left undone it does that first, so that no order of events leaves anything.
/// </summary>
/// <param name="sweep">The sweep, in a folder that all nodes share.</param>
/// <param name="options">Further options of sbatch, such as a partition or an account.</param>
internal sealed class SlurmJobs(Sweep sweep, IReadOnlyList<string> options)
{
    // Slurm's MaxArraySize is 1001 unless a site says otherwise.
    private const int MostTasks = 1000;
    private const int SecondsToSave = 60;
    private const string Sbatch = "sbatch";

    private string Folder => Path.Combine(sweep.FullPath, "slurm");

    private string Record => Path.Combine(Folder, "jobs.json");

    /// <summary>Refuses a machine that cannot hand anything to Slurm.</summary>
    /// <exception cref="UserError">sbatch is not there.</exception>
    public static void Require()
    {
        if (Call(Sbatch, ["--version"]) is not { Status: 0 })
            throw new UserError("--slurm needs sbatch, which is not on this machine; it is on a cluster's login node");
    }

    /// <summary>Submits what is not done.</summary>
    /// <returns>A line for each array.</returns>
    /// <exception cref="IOException">Slurm refuses it.</exception>
    public IEnumerable<string> Submit()
    {
        Directory.CreateDirectory(Folder);
        Directory.CreateDirectory(Path.Combine(sweep.FullPath, "workers"));
        string script = WriteScript();
        var jobs = new Dictionary<SharedStage, string>();
        var record = new JsonArray();
        foreach (var chunk in sweep.Graph.Stages.Where(stage => !sweep.IsDone(stage)).GroupBy(stage => stage.Name).SelectMany(group => group.Chunk(MostTasks)))
        {
            string[] before = [.. chunk.SelectMany(stage => stage.Reads).Where(jobs.ContainsKey).Select(stage => jobs[stage]).Distinct()];
            string job = Submit(script, chunk, before);
            foreach (var stage in chunk)
                jobs.Add(stage, job);
            record.Add(new JsonObject { ["stage"] = chunk[0].Name, ["job"] = job, ["tasks"] = chunk.Length });
            RunDocuments.Save(Record, new JsonObject { ["jobs"] = record.DeepClone() });
            yield return string.Create(CultureInfo.InvariantCulture, $"{chunk[0].Name,-10} job {job}, {chunk.Length} tasks{(before.Length > 0 ? $", after {string.Join(", ", before)}" : string.Empty)}");
        }

        // Whatever tasks that were killed have left undone.
        if (jobs.Count > 0)
        {
            string rest = Submit("rest", [.. jobs.Values.Distinct()], [script]);
            record.Add(new JsonObject { ["stage"] = "rest", ["job"] = rest, ["tasks"] = 1 });
            RunDocuments.Save(Record, new JsonObject { ["jobs"] = record.DeepClone() });
            yield return $"{"the rest",-10} job {rest}, after all";
        }
    }

    /// <summary>What Slurm says of the jobs that were submitted last; nothing where it knows none of them any more.</summary>
    public IEnumerable<string> Lines()
    {
        if (!File.Exists(Record) || RunDocuments.Read(Record)["jobs"] is not JsonArray { Count: > 0 } jobs)
            yield break;
        string ids = string.Join(',', jobs.Select(job => job!["job"]!.GetValue<string>()));
        if (Call("squeue", ["--noheader", "--array", "--jobs", ids, "--format", "%F %T %r"]) is not { Status: 0 } answer)
            yield break;
        var states = answer.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ', 3)).ToLookup(words => words[0], words => $"{words[1].ToLowerInvariant()}{(words[2] == "None" ? string.Empty : $" ({words[2]})")}");
        foreach (var job in jobs.Where(job => states.Contains(job!["job"]!.GetValue<string>())))
        {
            string id = job!["job"]!.GetValue<string>();
            yield return $"slurm    {job["stage"]!.GetValue<string>()}, job {id}: {string.Join(", ", states[id].GroupBy(state => state).Select(group => string.Create(CultureInfo.InvariantCulture, $"{group.Count()} {group.Key}")))}";
        }
    }

    private string Submit(string script, SharedStage[] stages, string[] before)
    {
        string tasks = Path.Combine(Folder, $"{stages[0].Id}.tasks");
        File.WriteAllLines(tasks, stages.Select(stage => stage.Id));
        return Submit(stages[0].Name, before, [string.Create(CultureInfo.InvariantCulture, $"--array=0-{stages.Length - 1}"), script, tasks]);
    }

    private string Submit(string name, string[] before, string[] last)
    {
        string[] words =
        [
            "--parsable", $"--job-name=eda-{name}", "--requeue", "--open-mode=append", string.Create(CultureInfo.InvariantCulture, $"--signal=B:USR1@{SecondsToSave}"),
            $"--output={Path.Combine(sweep.FullPath, "workers", "slurm-%A_%a.log")}",
            .. before.Length > 0 ? (string[])[$"--dependency=afterany:{string.Join(':', before)}"] : [],
            .. options, .. last,
        ];
        var answer = Call(Sbatch, words);
        if (answer is not { Status: 0 })
            throw new IOException($"Slurm refuses {name}: {answer?.Error.Trim().ReplaceLineEndings(" ")}");
        return answer.Output.Trim().Split(';')[0];
    }

    // A task near its time limit is told by SIGUSR1, saves, and is put back into the queue. One that is preempted is told by
    // SIGTERM and put back by Slurm itself; one that the user cancels is told so too, and stays cancelled.
    private string WriteScript()
    {
        var start = OwnProgram.StartInfo() ?? throw new UserError("--slurm needs this program's own command line");
        string path = Path.Combine(Folder, "task.sh");
        File.WriteAllText(path, $$"""
            #!/bin/bash
            # A task of a sweep: $1 has the stages of its job array, one a line; without it, whatever is left.
            task=()
            if [ -n "$1" ]; then
              task=(--task "$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" "$1")")
            fi
            cores="${SLURM_CPUS_PER_TASK:-$SLURM_CPUS_ON_NODE}"
            export EDA_THREADS="${EDA_THREADS:-$cores}"
            late=
            trap 'late=1; kill -TERM "$worker"' USR1
            trap 'kill -TERM "$worker"' TERM
            for attempt in 1 2 3; do
              {{ShellWords.Join([start.FileName, .. start.ArgumentList])}} sweep {{SweepJobs.Word}} {{ShellWords.Join([sweep.FullPath])}} "${task[@]}" &
              worker=$!
              wait "$worker"
              status=$?
              # A signal ends the waiting, and not the worker.
              while kill -0 "$worker" 2>/dev/null; do
                wait "$worker"
                status=$?
              done
              # One that was killed goes on from what it had saved.
              [ "$status" = 137 ] || break
            done
            if [ -n "$late" ]; then
              scontrol requeue "$SLURM_JOB_ID"
            fi
            exit "$status"

            """.ReplaceLineEndings("\n"));
        return path;
    }

    private static Answer? Call(string program, string[] words)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, words) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var error = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return new Answer(process.ExitCode, output, error.Result);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // it is not there
        }
    }

    private sealed record Answer(int Status, string Output, string Error);
}

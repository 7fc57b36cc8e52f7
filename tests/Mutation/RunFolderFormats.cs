using System.Text;
using System.Text.Json.Nodes;
using EDA.Engine.Data;
using EDA.Engine.Environments.Scenes;
using EDA.Engine.Evaluation.Recordings;
using EDA.Engine.Training;
using EDA.Host.Player;
using EDA.Host.Reports;
using EDA.Host.Runs;

namespace EDA.Tests.Mutation;

/// <summary>Points to evaluate a model at.</summary>
internal sealed class PointsFormat : MutatedFormat
{
    private string? _weights;

    public override string FileName => "case.csv";

    protected override bool IsText => true;

    public override void Read(string path)
    {
        string result = Scratch.At("out.csv");
        System.IO.File.Delete(result);
        InProcess.Eda("density", "--weights", _weights!, "--in", path, "--out", result);
    }

    protected override IReadOnlyList<byte[]> MakeSeeds(string folder)
    {
        using var device = new EDA.Kernels.Cpu.CpuDevice(new(EDA.Kernels.Cpu.SimdLevel.Portable, 1));
        using var model = EDA.Engine.Diffusion.BottleneckDiffusionModel.Create(device, new EDA.Kernels.BdmShape(0, 2, 32, 1), 1);
        _weights = Scratch.At("weights.safetensors");
        model.ToWeights().Save(_weights);
        return [.. new[] { "t,a0,a1\n0.5,1e-1,0.20\n0.001, -1 ,2\n", "a1,t,a0\r\n0,1,0\r\n\r\n\"0.25\",0.5,-3\r\n" }.Select(Encoding.UTF8.GetBytes)];
    }
}

/// <summary>Sampled rows, a memory-mapped .npy file.</summary>
internal class RowsFormat : MutatedFormat
{
    private static readonly Dictionary<string, string> _identity = new() { ["seed"] = "1", ["settings"] = "{\"evaluations\":2}" };

    public override string FileName => "case.npy";

    protected virtual string Changed => string.Empty;

    public override void Read(string path)
    {
        foreach (string suffix in (string[])["", ".json"])
            System.IO.File.Copy(suffix == Changed ? path : Scratch.At("whole.npy" + suffix), Scratch.At("rows.npy" + suffix), overwrite: true);
        string rows = Scratch.At("rows.npy");
        try
        {
            _ = RowStore.Find(rows);
            using var store = RowStore.OpenFile(rows, _identity, 5, 2, 3);
            store.Read(0, new float[store.Completed * store.RowLength]);
            _ = store.Fingerprint();
            store.Append(new float[(store.Count - store.Completed) * store.RowLength]);
        }
        catch (EDA.Engine.InvalidFileException refused)
        {
            // It names its own copy.
            throw new EDA.Engine.InvalidFileException(path, refused.Message);
        }
    }

    protected override IReadOnlyList<byte[]> MakeSeeds(string folder)
    {
        using (var store = RowStore.OpenFile(Scratch.At("whole.npy"), _identity, 5, 2, 3))
            store.Append([.. Enumerable.Range(0, 18).Select(i => (float)i)]);
        return [System.IO.File.ReadAllBytes(Scratch.At("whole.npy" + Changed))];
    }
}

/// <summary>What stands beside sampled rows.</summary>
internal sealed class RowsProgressFormat : RowsFormat
{
    public override string FileName => "case.json";

    protected override string Changed => ".json";

    protected override bool IsText => true;
}

/// <summary>The settings of a run folder.</summary>
internal sealed class ConfigFormat : MutatedFormat
{
    public override string FileName => "config.json";

    protected override bool IsText => true;

    public override void Read(string path)
    {
        var request = RunRequest.FromConfig(RunFolder.Open(Path.GetDirectoryName(path)!));
        request.Settings.Check();
        _ = request.Command;
        if (request.Dataset is null && request.Labels is null && request.Settings.Points <= 1 << 20)
            _ = request.ToConfig(new EDA.Engine.Runs.RunInputs());
    }

    protected override IReadOnlyList<byte[]> MakeSeeds(string folder) =>
        [.. new[] { "bandit-moons", "hopper-medium-v2", "pointmaze-umaze" }.Select(name => Encoding.UTF8.GetBytes(Config(name)))];

    // What a run writes, but for the version, which is each commit's own.
    private static string Config(string name)
    {
        var task = EDA.Engine.Runs.RunTask.Table.Find(name);
        var request = new RunRequest
        {
            Task = task,
            Budget = "smoke",
            Device = "cpu",
            Dataset = task is EDA.Engine.Runs.DatasetTask { MakesItsData: false } ? "data.hdf5" : null,
            Settings = EDA.Engine.Runs.RunBudgets.Get("smoke", task),
            Options = ["--set", "behavior.steps=3"],
        };
        var document = request.ToConfig(new EDA.Engine.Runs.RunInputs());
        if (request.Dataset is not null)
            document["dataset"] = new System.Text.Json.Nodes.JsonObject { ["path"] = "data.hdf5", ["format"] = "D4RL HDF5", ["bytes"] = 17, ["sha256"] = new string('a', 64), ["count"] = 3 };
        document["version"] = "0";
        return document.ToJsonString(SettingPaths.Json);
    }
}

/// <summary>metrics.csv, read for figures and gone on with by a resumed stage.</summary>
internal sealed class MetricsFormat : MutatedFormat
{
    public override string FileName => "metrics.csv";

    protected override bool IsText => true;

    public override void Read(string path)
    {
        var history = new MetricsHistory(path);
        _ = history.Curves;
        _ = history.Last("behavior", "loss");
        using (var file = MetricsFile.Continue(path))
        {
            file.StageStarted("behavior", 2, 10);
            file.Progress(new TrainingProgress("behavior", 3, 10, 1, [new Metric("loss", 0.53125)]));
        }

        if (new MetricsHistory(path).Last("behavior", "loss") != 0.53125)
            throw new InvalidOperationException("what was written last is not read");
    }

    protected override IReadOnlyList<byte[]> MakeSeeds(string folder) => [Written(FileName, path =>
    {
        using var file = new MetricsFile(path);
        for (int step = 1; step <= 4; step++)
            file.Progress(new TrainingProgress("behavior", step, 4, step, [new Metric("loss", 1.5 / step), new Metric("learning_rate", 3e-4)]));
        file.Progress(new TrainingProgress("alignment", 1, 4, 5, [new Metric("loss", 2.25)]));
    })];
}

/// <summary>TensorBoard's files: a broken one stays as it is, and the next command's stands beside it.</summary>
internal sealed class EventsFormat : MutatedFormat
{
    private static readonly DateTimeOffset _start = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    public override string FileName => "events.out.tfevents.1700000000.eda";

    public override void Read(string path)
    {
        byte[] before = System.IO.File.ReadAllBytes(path);
        string added;
        using (var file = new TensorBoardFile(Path.GetDirectoryName(path)!, _start))
        {
            added = file.FilePath;
            file.Scalar("behavior/loss", 1, 0.5, _start);
        }

        var events = Host.TensorBoardReader.Read(added);
        System.IO.File.Delete(added);
        if (added == path || events.Count != 2 || !before.AsSpan().SequenceEqual(System.IO.File.ReadAllBytes(path)))
            throw new InvalidOperationException("the earlier events were not left alone");
    }

    protected override IReadOnlyList<byte[]> MakeSeeds(string folder)
    {
        using (var file = new TensorBoardFile(folder, _start))
        {
            for (int step = 1; step <= 3; step++)
                file.Scalar("behavior/loss", step, 1.0 / step, _start);
        }

        byte[] bytes = System.IO.File.ReadAllBytes(Path.Combine(folder, FileName));
        System.IO.File.Delete(Path.Combine(folder, FileName));
        return [bytes];
    }
}

/// <summary>The list of recorded episodes, as a run's page reads it.</summary>
internal sealed class EpisodesFormat : MutatedFormat
{
    private const string Arrays = "policy-0.npz";

    public override string FileName => RecordedRollouts.FileName;

    protected override bool IsText => true;

    public override void Read(string path)
    {
        System.IO.File.Copy(path, Scratch.At(FileName), overwrite: true);
        var scores = new Dictionary<string, JsonObject> { ["policy"] = new() { ["returns"] = new JsonArray(3.0, 2.0) } };
        string? section = RolloutPlayer.Section(Scratch.Path, scores, name => name, 20_000);
        if (section?.Contains("cannot be shown", StringComparison.Ordinal) == true)
            throw new EDA.Engine.InvalidFileException(path, section);
    }

    protected override IReadOnlyList<byte[]> MakeSeeds(string folder)
    {
        new RecordedArrays { Observations = new float[2], Actions = new float[2], Rewards = [1, 2], Q = [3, 4], Points = new float[18] }.Write(Scratch.At(Arrays));
        return [.. new[] { ScenePlane.Side, ScenePlane.Above }.Select(plane => Written(FileName, path => new RecordedRollouts(
            "hopper",
            0.1,
            new(0, 1),
            new(plane, 2, [new(0, 1, 0.25, 0), new(1, 1, 0.5, 1)]) { Walls = [new(1, 2, 0.5, 0.5)], GoalRadius = 0.5 },
            [new("policy", [new(0, ["first", "best"], Arrays, 2, 3, 300, true, new(1, 2))])]).Save(Path.GetDirectoryName(path)!)))];
    }
}

/// <summary>The checksum beside a downloaded file.</summary>
internal sealed class ChecksumFormat : MutatedFormat
{
    public override string FileName => "case.hdf5.sha256";

    protected override bool IsText => true;

    public override void Read(string path) => ChecksumFile.Check(path[..^".sha256".Length], new string('a', 64));

    protected override IReadOnlyList<byte[]> MakeSeeds(string folder) => [Encoding.ASCII.GetBytes(new string('a', 64) + "  case.hdf5\n")];
}

/// <summary>What a finished run left, one file of it changed, gone on with by eda resume.</summary>
internal sealed class FolderFormat : MutatedFormat
{
    private static readonly string[] _files =
        ["result.json", "metrics.csv", "checkpoints/behavior.state.safetensors", "checkpoints/alignment.state.safetensors", "checkpoints/behavior.safetensors", "checkpoints/policy.safetensors"];

    // The first byte of a case is the number of its file.
    public override string FileName => "case";

    public override int Cost => 10;

    public override long Allowance => 256 << 20;

    public override void Read(string path)
    {
        string copy = Scratch.At("copy");
        if (Directory.Exists(copy))
            Directory.Delete(copy, recursive: true);
        foreach (string file in Directory.EnumerateFiles(Scratch.At("run"), "*", SearchOption.AllDirectories))
        {
            string to = Path.Combine(copy, Path.GetRelativePath(Scratch.At("run"), file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            System.IO.File.Copy(file, to);
        }

        byte[] bytes = System.IO.File.ReadAllBytes(path);
        string changed = _files[bytes.Length == 0 ? 0 : bytes[0] % _files.Length];
        System.IO.File.WriteAllBytes(Path.Combine(copy, changed), bytes[Math.Min(1, bytes.Length)..]);
        try
        {
            InProcess.Eda("resume", copy);
        }
        catch (Exception error) when (error is EDA.Engine.InvalidFileException or TrainingDivergedException && error.Message.Contains(copy, StringComparison.Ordinal))
        {
            throw new EDA.Engine.InvalidFileException(path, error.Message);
        }
    }

    protected override IReadOnlyList<byte[]> MakeSeeds(string folder)
    {
        string run = Scratch.At("run");
        InProcess.Eda(
            "run", "bandit-moons", "--budget", "smoke", "--out", run, "--set", "width=32", "blocks=1", "points=64", "behavior.steps=4", "behavior.batch=8", "behavior.reportEvery=1", "alignment.steps=4",
            "alignment.states=4", "alignment.reportEvery=1", "evaluation.heldOut=16", "evaluation.samples=16", "evaluation.distancePoints=16", "solverEvaluations=2");
        return [.. _files.Select((file, number) => (byte[])[(byte)number, .. System.IO.File.ReadAllBytes(Path.Combine(run, file))])];
    }

    protected override byte[] Change(Random random, byte[] bytes)
    {
        if (bytes.Length == 0)
            return bytes;
        byte[] changed = bytes[0] < 2 && random.Next(4) > 0 ? TextMutation.Apply(random, bytes[1..]) : base.Change(random, bytes[1..]);
        return [bytes[0], .. changed];
    }
}

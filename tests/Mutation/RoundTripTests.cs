using EDA.Engine;
using EDA.Engine.Checkpoints;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Runs;
using EDA.Engine.Training;
using EDA.Host.CommandLine;
using EDA.Host.Reports;
using EDA.Host.Runs;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Tests.Host;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace EDA.Tests.Mutation;

/// <summary>What is written and read again is the same, bit for bit, whatever it was.</summary>
[Properties(Arbitrary = [typeof(Generators)], MaxTest = 100, Replay = "20240709,24071")]
public sealed class RoundTripTests : IDisposable
{
    private readonly ScratchFolder _folder = new();
    private int _files;

    public void Dispose() => _folder.Dispose();

    [Property]
    public void Datasets_in_npz(AnyDataset any) => Same(any, ".npz");

    [Property]
    public void Datasets_in_csv(AnyDataset any) => Same(any, ".csv");

    [OptionalFact(OptionalNeeds.Hdf5)]
    public void Datasets_in_hdf5() =>
        Prop.ForAll(Generators.Dataset(), any => Same(any, ".hdf5")).Check(Config.QuickThrowOnFailure.WithMaxTest(100).WithReplay(20240709, 24071));

    [Property]
    public void Tensors_and_words_in_safetensors(AnyFloat[] values, AnyText name, AnyText key, AnyText text)
    {
        string path = Next(".safetensors");
        float[] numbers = [.. values.Select(value => value.Value)];
        NamedTensor[] tensors = [new("a", [numbers.Length], numbers), new("b" + name.Value, [1, numbers.Length, 1], numbers), new("", [], [1.5f])];
        Safetensors.Write(path, tensors, new Dictionary<string, string> { [key.Value] = text.Value });
        var content = Safetensors.Read(path);
        Assert.Equal([(key.Value, text.Value)], content.Metadata.Select(entry => (entry.Key, entry.Value)));
        Assert.Equal(tensors.Select(tensor => (tensor.Name, string.Join('×', tensor.Shape))).Order(), content.Tensors.Select(tensor => (tensor.Name, string.Join('×', tensor.Shape))).Order());
        Assert.All(content.Tensors, tensor => Equal(tensors.Single(written => written.Name == tensor.Name).Values, tensor.Values));
    }

    [Property(MaxTest = 20)]
    public void The_state_of_training(PositiveInt seed, byte done, bool averages)
    {
        int steps = done % 5;
        var settings = new PretrainingSettings { Batch = 2, Steps = 8, Averaging = averages ? 0.1 : 0 };
        string path = Next(".safetensors");
        float[] whole = Train(stage => stage.Run());
        Assert.Equal(whole, Train(stage =>
        {
            stage.Run(until: steps);
            stage.SaveState(path);
            stage.Run();
        }));
        Assert.Equal(whole, Train(stage =>
        {
            stage.LoadState(path);
            Assert.Equal(steps, stage.Step);
            stage.Run();
        }));

        float[] Train(Action<BehaviorPretraining> use)
        {
            using var device = new CpuDevice(new CpuOptions(SimdLevel.Portable, 1));
            using var model = BottleneckDiffusionModel.Create(device, new BdmShape(0, 2, 32, 1), (ulong)seed.Get);
            using var data = new BehaviorDataset(device, [0.1f, -0.2f, 0.3f, 0.4f], 2);
            using var stage = new BehaviorPretraining(settings, model, data, (ulong)seed.Get);
            use(stage);
            return model.Parameters.ToArray();
        }
    }

    [Property]
    public void Events_of_TensorBoard(AnyText tag, AnyFloat value, NonNegativeInt step)
    {
        string folder = Directory.CreateDirectory(Next(string.Empty)).FullName;
        var time = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_125);
        using var file = new TensorBoardFile(folder, time);
        file.Scalar(tag.Value, step.Get, value.Value, time);
        file.Dispose();
        var read = TensorBoardReader.Read(file.FilePath)[1];
        Assert.Equal((tag.Value, (long)step.Get, 1_700_000_000.125), (read.Tag, read.Step, read.WallTime));
        Equal([value.Value], [read.Value]);
    }

    [Property]
    public void Numbers_in_metrics(AnyDouble value, NonNegativeInt step)
    {
        string path = Next(".csv");
        using (var file = new MetricsFile(path))
            file.Progress(new TrainingProgress("behavior", step.Get, int.MaxValue, 1, [new Metric("loss", value.Value)]));
        Assert.Equal(BitConverter.DoubleToInt64Bits(value.Value), BitConverter.DoubleToInt64Bits(new MetricsHistory(path).Last("behavior", "loss")!.Value));
    }

    [Property]
    public void Rows_of_samples(AnyFloat[] values, AnyText key, AnyText text, PositiveInt cut)
    {
        string path = Next(".npy");
        float[] rows = [.. values.Select(value => value.Value), 1];
        int first = cut.Get % (rows.Length + 1);
        var identity = new Dictionary<string, string> { [key.Value] = text.Value };
        using (var store = RowStore.OpenFile(path, identity, rows.Length, 1))
            store.Append(rows.AsSpan(0, first));
        using var again = RowStore.OpenFile(path, identity, rows.Length, 1);
        Assert.Equal(first, again.Completed);
        again.Append(rows.AsSpan(first));
        var read = new float[rows.Length];
        again.Read(0, read);
        Equal(rows, read);
        Assert.Equal([(key.Value, text.Value)], RowStore.Find(path)!.Identity.Select(entry => (entry.Key, entry.Value)));
    }

    [Property(MaxTest = 300)]
    public void Settings_by_path(bool bandit, NonNegativeInt which, AnyDouble number, PositiveInt whole, bool flag)
    {
        var kind = bandit ? RunKind.Bandit : RunKind.Dataset;
        var settings = RunTask.Table.Find(bandit ? "bandit-moons" : "hopper-medium-v2").Paper();
        var (path, type) = SettingPaths.Of(kind).OrderBy(entry => entry.Key, StringComparer.Ordinal).ElementAt(which.Get % SettingPaths.Of(kind).Count);
        string text = type == typeof(double) ? number.Value.ToString("R", System.Globalization.CultureInfo.InvariantCulture)
            : type == typeof(bool) ? flag ? "true" : "false"
            : whole.Get.ToString(System.Globalization.CultureInfo.InvariantCulture);
        RunSettings changed;
        try
        {
            changed = SettingPaths.Apply(settings, $"{path}={text}");
        }
        catch (UserError refused)
        {
            Assert.Contains(path, refused.Message, StringComparison.Ordinal);
            Assert.Contains("allowed is", refused.Message, StringComparison.Ordinal);
            return;
        }

        Assert.All(SettingPaths.Differences(settings, changed), difference => Assert.Equal(path, difference));
        Assert.Equal(changed, SettingPaths.Apply(changed, $"{path}={text}"));
        Assert.Equal(changed, System.Text.Json.JsonSerializer.Deserialize<RunSettings>(SettingPaths.Document(changed), SettingPaths.Json));
    }

    [OptionalFact(OptionalNeeds.Bash)]
    public void Words_of_a_command() =>
        Prop.ForAll(Generators.Text().Generator.Where(text => !text.Value.Contains('\0', StringComparison.Ordinal)).ArrayOf(40).ToArbitrary(), texts =>
        {
            var task = RunTask.Table.Find("bandit-moons");
            string[] words = [.. texts.Select(text => text.Value)];
            var request = new RunRequest { Task = task, Budget = "smoke", Device = "cpu", Settings = task.Paper(), Options = words };
            string[] read = Bash($"printf '%s\\0' {request.Command}").Split('\0');
            int first = Array.IndexOf(read, "smoke") + 1;
            Assert.Equal(words, read[first..(first + words.Length)]);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(10).WithReplay(20240709, 24071));

    [Property]
    public void Any_text_as_a_line(AnyText text, PositiveInt times)
    {
        string line = OneLine.Of(string.Concat(Enumerable.Repeat(text.Value, times.Get)));
        Assert.DoesNotContain(line, char.IsControl);
        Assert.InRange(line.Length, 0, 5 * OneLine.Longest);
        Assert.Equal(OneLine.Printable(line), line);
    }

    private static string Bash(string script)
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("bash", ["-c", script]) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }

    private static void Equal(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual) =>
        Assert.True(System.Runtime.InteropServices.MemoryMarshal.AsBytes(expected).SequenceEqual(System.Runtime.InteropServices.MemoryMarshal.AsBytes(actual)));

    private void Same(AnyDataset any, string ending)
    {
        string path = Next(ending);
        var written = any.Dataset;
        DatasetFile.Write(written, path);
        var read = OfflineDataset.Load(path);
        Assert.Equal((written.Count, written.StateSize, written.ActionSize, written.HasTimeouts), (read.Count, read.StateSize, read.ActionSize, read.HasTimeouts));
        Equal(written.States, read.States);
        Equal(written.Actions, read.Actions);
        Equal(written.Rewards, read.Rewards);
        Assert.Equal(written.Terminals.ToArray(), read.Terminals.ToArray());
        Assert.Equal(written.Timeouts.ToArray(), read.Timeouts.ToArray());
        Assert.Equal(written.Fingerprint, read.Fingerprint);
    }

    private string Next(string ending) => _folder.At($"{_files++}{ending}");
}

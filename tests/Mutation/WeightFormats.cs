using System.Buffers.Binary;
using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Kernels;
using EDA.Kernels.Cpu;

namespace EDA.Tests.Mutation;

/// <summary>A safetensors file: changed as bytes, or in the words of its header, whose length is then right again.</summary>
internal abstract class SafetensorsFormat : MutatedFormat
{
    public override string FileName => "case.safetensors";

    protected static CpuDevice Device() => new(new CpuOptions(SimdLevel.Portable, 1));

    /// <summary>Files as they are written, and the same without a checksum, which a change does not end at.</summary>
    protected IReadOnlyList<byte[]> WithAndWithoutChecksum(params Action<string>[] writers) =>
        [.. writers.Select(write => Written(FileName, write)), .. writers.Select(write => Written(FileName, path => Strip(write, path)))];

    protected override byte[] Change(Random random, byte[] bytes)
    {
        int length = HeaderLength(bytes);
        if (length < 0 || random.Next(2) == 0)
            return base.Change(random, bytes);
        byte[] header = TextMutation.Apply(random, bytes[8..(8 + length)]), prefix = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, header.Length);
        return [.. prefix, .. header, .. bytes[(8 + length)..]];
    }

    protected override IReadOnlyList<(int First, int Count)> Structure(byte[] bytes) => [(0, 8), (8, Math.Max(HeaderLength(bytes), 1))];

    // As of version 0.1, and as other programs write.
    private static void Strip(Action<string> write, string path)
    {
        write(path);
        var content = Safetensors.Read(path);
        var metadata = content.Metadata.Where(entry => entry.Key != "sha256").ToDictionary(entry => entry.Key, entry => entry.Value == "eda training state 2" ? "eda training state 1" : entry.Value);
        Safetensors.Write(path, content.Tensors, metadata, overwrite: true);
    }

    private static int HeaderLength(byte[] bytes) =>
        bytes.Length >= 8 && BinaryPrimitives.ReadInt64LittleEndian(bytes) is >= 0 and var length && length <= bytes.Length - 8 ? (int)length : -1;
}

/// <summary>The weights of a diffusion model.</summary>
internal sealed class WeightsFormat : SafetensorsFormat
{
    private string? _points;

    public override void Read(string path)
    {
        InProcess.Eda("weights", "inspect", path);
        _points ??= Scratch.Write("points.csv", "t,a0,a1\n0.5,0.1,0.2\n");
        string result = Scratch.At("out.csv"), exported = Scratch.At("out.safetensors");
        System.IO.File.Delete(result);
        System.IO.File.Delete(exported);
        InProcess.Eda("density", "--weights", path, "--in", _points, "--out", result);
        InProcess.Eda("weights", "export", path, "--published", "--out", exported);
    }

    protected override IReadOnlyList<byte[]> MakeSeeds(string folder)
    {
        using var device = Device();
        using var model = BottleneckDiffusionModel.Create(device, new BdmShape(0, 2, 32, 1), 1);
        return WithAndWithoutChecksum(path => model.ToWeights().Save(path), path => model.ToWeights().SavePublished(path, PublishedModule.Policy));
    }
}

/// <summary>The weights of a critic, and of its policy.</summary>
internal sealed class CriticFormat : SafetensorsFormat
{
    public override void Read(string path)
    {
        using var device = Device();
        Exception? critic = null;
        try
        {
            _ = CriticWeights.Load(path);
        }
        catch (EDA.Engine.InvalidFileException refused)
        {
            critic = refused;
        }

        // A file is one of the two, or neither.
        try
        {
            _ = DeterministicPolicyWeights.Load(path);
        }
        catch (EDA.Engine.InvalidFileException) when (critic is null)
        {
        }
    }

    protected override IReadOnlyList<byte[]> MakeSeeds(string folder)
    {
        using var device = Device();
        var shape = new CriticShape(3, 2, 32);
        using var critic = Critic.Create(device, shape, 1);
        using var policy = DeterministicPolicy.Create(device, shape, 1);
        return WithAndWithoutChecksum(path => critic.ToWeights().Save(path), path => policy.ToWeights().Save(path));
    }
}

/// <summary>Saved states of training, of pretraining and of a critic.</summary>
internal sealed class StateFormat : SafetensorsFormat
{
    private readonly CpuDevice _device = Device();
    private readonly BottleneckDiffusionModel _model;
    private readonly BehaviorDataset _data;
    private readonly BehaviorPretraining _pretraining;

    public StateFormat()
    {
        _model = BottleneckDiffusionModel.Create(_device, new BdmShape(0, 2, 32, 1), 1);
        _data = new BehaviorDataset(_device, [0.1f, 0.2f, 0.3f, 0.4f], 2);
        _pretraining = new BehaviorPretraining(new PretrainingSettings { Batch = 2, Steps = 3, Averaging = 0.1 }, _model, _data, 1);
    }

    public override void Read(string path) => _pretraining.LoadState(path);

    public override void Dispose()
    {
        _pretraining.Dispose();
        _data.Dispose();
        _model.Dispose();
        _device.Dispose();
        base.Dispose();
    }

    protected override IReadOnlyList<byte[]> MakeSeeds(string folder)
    {
        return WithAndWithoutChecksum(_pretraining.SaveState, path =>
        {
            _pretraining.Run(until: 2);
            _pretraining.SaveState(path);
        });
    }
}

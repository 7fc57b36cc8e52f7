using EDA.Engine;
using EDA.Engine.Checkpoints;
using EDA.Engine.Diffusion;
using EDA.Kernels;

namespace EDA.Tests.Engine;

public sealed class BdmWeightsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("eda-weights-").FullName;

    public static TheoryData<int, int, int, int> Shapes => new()
    {
        { 0, 2, 32, 1 },
        { 3, 1, 64, 3 },
        { 17, 6, 32, 2 },
    };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void What_is_saved_is_loaded(int stateSize, int actionSize, int width, int blocks)
    {
        var weights = Draw(new BdmShape(stateSize, actionSize, width, blocks));
        weights.Save(At("own"), metadata: new Dictionary<string, string> { ["by"] = "test" });
        weights.SavePublished(At("published"), PublishedModule.Policy);
        foreach (string name in new[] { "own", "published" })
        {
            var loaded = BdmWeights.Load(At(name));
            Assert.Equal(weights.Layout.Shape, loaded.Layout.Shape);
            Assert.Equal(weights.Parameters, loaded.Parameters);
        }
    }

    [Fact]
    public void A_bit_that_flips_is_noticed()
    {
        string path = At("weights.safetensors");
        using var device = new PlainDevice();
        using var model = BottleneckDiffusionModel.Create(device, new BdmShape(0, 2, 32, 1), 3);
        model.ToWeights().Save(path);
        Assert.Equal(model.CloneParameters(), BdmWeights.Load(path).Parameters);
        byte[] whole = File.ReadAllBytes(path);
        for (int place = whole.Length - 4; place > whole.Length - 4000; place -= 397)
        {
            byte[] bytes = [.. whole];
            bytes[place] ^= 1;
            File.WriteAllBytes(path, bytes);
            Assert.Contains("sha256", Assert.Throws<InvalidFileException>(() => BdmWeights.Load(path)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Published_names_are_what_the_strict_load_wants()
    {
        Draw(new BdmShape(3, 2, 32, 2)).SavePublished(At("a"), PublishedModule.Behavior);
        var tensors = Safetensors.Read(At("a")).Tensors;
        Assert.All(tensors, tensor => Assert.StartsWith("diffusion_behavior.", tensor.Name, StringComparison.Ordinal));
        var residual = tensors.Single(tensor => tensor.Name == "diffusion_behavior.main.blocks.1.residual.weight");
        Assert.Equal([32, 32], residual.Shape);
        Assert.All(residual.Values, value => Assert.Equal(0, value));
        Assert.Equal(4 * 2, tensors.Count(tensor => tensor.Name.Contains(".blocks.0.", StringComparison.Ordinal)));
        Assert.Contains(tensors, tensor => tensor.Name == "diffusion_behavior.cond_model.0.weight");
    }

    [Fact]
    public void A_bandits_condition_has_no_index()
    {
        Draw(new BdmShape(0, 2, 32, 1)).Save(At("a"));
        Assert.Contains(Safetensors.Read(At("a")).Tensors, tensor => tensor.Name == "cond_model.weight");
    }

    [Fact]
    public void Faults_are_all_named()
    {
        Draw(new BdmShape(3, 2, 32, 2)).SavePublished(At("a"), PublishedModule.Behavior);
        var tensors = Safetensors.Read(At("a")).Tensors.ToList();
        tensors.RemoveAll(tensor => tensor.Name is "diffusion_behavior.dense1.bias" or "diffusion_behavior.main.blocks.1.fc1.weight");
        int bias = tensors.FindIndex(tensor => tensor.Name.EndsWith("fc2.bias", StringComparison.Ordinal));
        tensors[bias] = tensors[bias] with { Shape = [1, 32] };
        tensors.Add(new("diffusion_behavior.surprise", [1], [0]));
        tensors.Add(new("q.weight", [1], [0]));
        Safetensors.Write(At("b"), tensors);
        string message = Assert.Throws<InvalidFileException>(() => BdmWeights.Load(At("b"))).Message;
        Assert.Equal(
            $"{At("b")}: not the weights of a bottleneck diffusion model: " +
            "missing diffusion_behavior.dense1.bias [4], diffusion_behavior.main.blocks.1.fc1.weight [128×32]; " +
            "not expected diffusion_behavior.surprise, q.weight; " +
            "wrong shape diffusion_behavior.main.blocks.0.fc2.bias is [1×32] and not [32]",
            message);
    }

    [Fact]
    public void Every_single_missing_tensor_is_named()
    {
        var weights = Draw(new BdmShape(3, 2, 32, 2));
        weights.Save(At("a"));
        var tensors = Safetensors.Read(At("a")).Tensors;
        foreach (var slice in weights.Layout.Slices)
        {
            Safetensors.Write(At("b"), [.. tensors.Where(tensor => tensor.Name != slice.Name)], overwrite: true);
            Assert.Contains("missing " + slice.Name, Assert.Throws<InvalidFileException>(() => BdmWeights.Load(At("b"))).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Many_faults_are_abbreviated()
    {
        Draw(new BdmShape(0, 2, 32, 4)).Save(At("a"));
        var tensors = Safetensors.Read(At("a")).Tensors.Select(tensor => tensor.Name.Contains("blocks", StringComparison.Ordinal) ? tensor with { Shape = [tensor.Values.Length, 1, 1] } : tensor);
        Safetensors.Write(At("b"), [.. tensors]);
        Assert.EndsWith(" and 18 more", Assert.Throws<InvalidFileException>(() => BdmWeights.Load(At("b"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_networks_need_a_prefix()
    {
        var behavior = Draw(new BdmShape(0, 2, 32, 1), seed: 1);
        var policy = Draw(new BdmShape(0, 2, 32, 1), seed: 2);
        behavior.SavePublished(At("a"), PublishedModule.Behavior);
        policy.SavePublished(At("b"), PublishedModule.Policy);
        Safetensors.Write(At("c"), [.. Safetensors.Read(At("a")).Tensors, .. Safetensors.Read(At("b")).Tensors, new("q.0.weight", [1], [0])]);
        string message = Assert.Throws<InvalidFileException>(() => BdmWeights.Load(At("c"))).Message;
        Assert.Contains("'diffusion_behavior.', 'diffusion_policy.'", message, StringComparison.Ordinal);
        Assert.Equal(policy.Parameters, BdmWeights.Load(At("c"), "diffusion_policy.").Parameters);
    }

    [Fact]
    public void Tensors_of_other_types_do_no_harm_outside_the_prefix()
    {
        var weights = Draw(new BdmShape(0, 2, 32, 1));
        weights.SavePublished(At("a"), PublishedModule.Behavior);
        RawTensors.Append(At("a"), At("b"), "optimizer.step", "I64", new byte[8]);
        Assert.Equal(weights.Parameters, BdmWeights.Load(At("b"), "diffusion_behavior.").Parameters);
        Assert.Equal(
            $"{At("b")}: optimizer.step holds I64 and is none of the weights; name their prefix, 'diffusion_behavior.', and it is left alone",
            Assert.Throws<InvalidFileException>(() => BdmWeights.Load(At("b"))).Message);
        RawTensors.Append(At("a"), At("c"), "diffusion_behavior.step", "I64", new byte[8]);
        Assert.Contains("diffusion_behavior.step holds I64; allowed are F32", Assert.Throws<InvalidFileException>(() => BdmWeights.Load(At("c"), "diffusion_behavior.")).Message, StringComparison.Ordinal);
        RawTensors.Append(At("a"), At("d"), "optimizer.moment", "F32", [0, 0, 0xc0, 0x7f]);
        Assert.Equal(weights.Parameters, BdmWeights.Load(At("d"), "diffusion_behavior.").Parameters);
    }

    [Fact]
    public void Weights_that_are_no_numbers_are_refused_by_all_that_load_them()
    {
        Draw(new BdmShape(0, 2, 32, 1)).Save(At("a"));
        var tensors = Safetensors.Read(At("a")).Tensors;
        tensors.Single(tensor => tensor.Name == "main.fc.weight").Values[35] = float.NegativeInfinity;
        Safetensors.Write(At("b"), tensors);
        Assert.Equal($"{At("b")}: main.fc.weight[1, 3] is -Infinity; allowed is a number that is finite as float32", Assert.Throws<InvalidFileException>(() => BdmWeights.Load(At("b"))).Message);
        foreach (var load in (Action<string>[])[path => CriticWeights.Load(path), path => DeterministicPolicyWeights.Load(path)])
            Assert.Contains("main.fc.weight[1, 3] is -Infinity", Assert.Throws<InvalidFileException>(() => load(At("b"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("F16")]
    [InlineData("BF16")]
    [InlineData("F64")]
    public void Weights_of_other_precisions_are_read(string type)
    {
        var weights = Draw(new BdmShape(3, 2, 32, 2));
        // What has seven bits of fraction is the same in all of them.
        for (int i = 0; i < weights.Parameters.Length; i++)
            weights.Parameters[i] = MathF.Round(weights.Parameters[i] * 128) / 128 % 1;
        weights.Save(At("a"));
        RawTensors.Convert(At("a"), At("b"), type);
        Assert.Equal(weights.Parameters, BdmWeights.Load(At("b")).Parameters);
    }

    [Fact]
    public void Foreign_files_are_refused()
    {
        Safetensors.Write(At("a"), [new("layer.weight", [1], [0])]);
        Assert.Contains("no tensor has a known name; there are layer.weight", Assert.Throws<InvalidFileException>(() => BdmWeights.Load(At("a"))).Message, StringComparison.Ordinal);
        Safetensors.Write(At("b"), []);
        Assert.Contains("there is none", Assert.Throws<InvalidFileException>(() => BdmWeights.Load(At("b"))).Message, StringComparison.Ordinal);
        Safetensors.Write(At("c"), [new("main.fc.weight", [33, 33], new float[33 * 33]), new("main.out_fc.bias", [1], [0]), new("main.blocks.0.fc1.bias", [1], [0])]);
        Assert.Contains("width", Assert.Throws<InvalidFileException>(() => BdmWeights.Load(At("c"))).Message, StringComparison.Ordinal);
        Safetensors.Write(At("d"), [new("main.fc.bias", [65536], new float[65536]), new("main.out_fc.bias", [1], [0]), new("main.blocks.0.fc1.bias", [1], [0])]);
        Assert.Contains("width 65536, blocks 1; the network is too large", Assert.Throws<InvalidFileException>(() => BdmWeights.Load(At("d"))).Message, StringComparison.Ordinal);
    }

    private static BdmWeights Draw(BdmShape shape, ulong seed = 3)
    {
        using var device = new PlainDevice();
        using var model = BottleneckDiffusionModel.Create(device, shape, seed);
        return model.ToWeights();
    }

    private string At(string name) => Path.Combine(_folder, name);
}

using EDA.Engine;
using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Kernels;
using EDA.Kernels.Cpu;

namespace EDA.Tests.Engine;

/// <summary>Critics and their policies as files under the published names.</summary>
public sealed class CriticWeightsTests : IDisposable
{
    private static readonly CriticShape _shape = new(3, 2, 32);

    private readonly string _folder = Directory.CreateTempSubdirectory("eda-critic-weights-").FullName;
    private readonly CpuDevice _device = new(new CpuOptions(CpuOptions.BestSimd, 1));

    public void Dispose()
    {
        _device.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_critic_comes_back(bool hasValue)
    {
        using var critic = Critic.Create(_device, _shape, 4, hasValue);
        critic.Target.CopyFrom([0.5f], 7);
        critic.ToWeights().Save(At("critic"));
        var weights = CriticWeights.Load(At("critic"), 3);
        using var again = Critic.FromWeights(_device, weights);
        Assert.Equal(_shape, again.Shape);
        Assert.Equal(critic.Twin.ToArray(), again.Twin.ToArray());
        Assert.Equal(critic.Target.ToArray(), again.Target.ToArray());
        Assert.Equal(critic.Value?.ToArray(), again.Value?.ToArray());
        float[] states = [0.1f, 0.2f, 0.3f], actions = [0.4f, -0.5f];
        Assert.Equal(critic.Labels(states, actions), again.Labels(states, actions));
        Assert.Throws<IOException>(() => critic.ToWeights().Save(At("critic")));
        Assert.Contains("3 state variables and not 4", Refused(() => CriticWeights.Load(At("critic"), 4)), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_are_the_published_modules()
    {
        using var critic = Critic.Create(_device, _shape, 4);
        critic.ToWeights().Save(At("critic"));
        string[] Module(string prefix) =>
            [.. new[] { "0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias" }.Select(layer => prefix + layer)];
        Assert.Equal(
            [.. Module("q0.q1."), .. Module("q0.q2."), .. Module("q0_target.q1."), .. Module("q0_target.q2."), .. Module("vf.v.")],
            Safetensors.Read(At("critic")).Tensors.Select(tensor => tensor.Name));
        using var policy = DeterministicPolicy.Create(_device, _shape, 4);
        policy.ToWeights().Save(At("policy"));
        Assert.Equal(Module("deter_policy.net."), Safetensors.Read(At("policy")).Tensors.Select(tensor => tensor.Name));
        using var again = DeterministicPolicy.FromWeights(_device, DeterministicPolicyWeights.Load(At("policy")));
        Assert.Equal(policy.Act([1, 2, 3]), again.Act([1, 2, 3]));
    }

    [Fact]
    public void Initial_weights_are_uniform_and_targets_equal()
    {
        using var critic = Critic.Create(_device, new CriticShape(3, 2), 4);
        float[] twin = critic.Twin.ToArray();
        Assert.Equal(twin, critic.Target.ToArray());
        foreach (var network in critic.Layout.Twin.Networks)
        {
            float bound = 1 / MathF.Sqrt(5);
            float[] weights = twin[network.Layers[0].Weight.Offset..network.Layers[1].Weight.Offset];
            Assert.All(weights, x => Assert.InRange(x, -bound, bound));
            Assert.InRange(weights.Average(x => x * x) / (bound * bound), 0.3, 0.37);
            bound = 1 / 16f;
            Assert.All(twin[network.Layers[1].Weight.Offset..(network.Layers[2].Bias.Offset + 1)], x => Assert.InRange(x, -bound, bound));
        }

        // The twins differ from each other, from V and from another seed's.
        int half = twin.Length / 2;
        Assert.NotEqual(twin[..half], twin[half..]);
        using var other = Critic.Create(_device, new CriticShape(3, 2), 5);
        Assert.NotEqual(twin, other.Twin.ToArray());
        Assert.NotEqual(twin[..10], critic.Value!.ToArray()[..10]);
    }

    [Fact]
    public void What_is_no_critic_is_refused()
    {
        using var critic = Critic.Create(_device, _shape, 4, hasValue: false);
        critic.ToWeights().Save(At("critic"));
        var tensors = Safetensors.Read(At("critic")).Tensors;
        Safetensors.Write(At("unnoted"), tensors);
        Assert.Contains("cannot be told", Refused(() => CriticWeights.Load(At("unnoted"))), StringComparison.Ordinal);
        Assert.Equal(_shape, CriticWeights.Load(At("unnoted"), 3).Layout.Shape);
        Assert.Contains("actionSize 0", Refused(() => CriticWeights.Load(At("unnoted"), 5)), StringComparison.Ordinal);
        Safetensors.Write(At("missing"), [.. tensors.Where(tensor => tensor.Name != "q0_target.q2.2.bias")]);
        Assert.Contains("missing q0_target.q2.2.bias [32]", Refused(() => CriticWeights.Load(At("missing"), 3)), StringComparison.Ordinal);
        Safetensors.Write(At("extra"), [.. tensors, new NamedTensor("more", [1], [1])]);
        Assert.Contains("not expected more", Refused(() => CriticWeights.Load(At("extra"), 3)), StringComparison.Ordinal);
        Safetensors.Write(At("misshapen"), [.. tensors.Select(tensor => tensor.Name == "q0.q2.4.bias" ? tensor with { Shape = [2], Values = [1, 2] } : tensor)]);
        Assert.Contains("q0.q2.4.bias is [2] and not [1]", Refused(() => CriticWeights.Load(At("misshapen"), 3)), StringComparison.Ordinal);
        Safetensors.Write(At("none"), [new NamedTensor("more", [1], [1])]);
        Assert.Contains("missing q0.q1.0.weight", Refused(() => CriticWeights.Load(At("none"))), StringComparison.Ordinal);
        Assert.Contains("missing deter_policy.net.0.weight", Refused(() => DeterministicPolicyWeights.Load(At("none"))), StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => CriticWeights.Load(At("nowhere")));
    }

    private static string Refused(Action load) => Assert.Throws<InvalidFileException>(load).Message;

    private string At(string name) => Path.Combine(_folder, name);
}

using EDA.Samples;
using EDA.Tests.Engine;
using EDA.Tests.Host;

namespace EDA.Tests.Samples;

/// <summary>The samples run, and do what they say.</summary>
[Collection(nameof(RegistrationTests))]
public sealed class SampleTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_bandits_policy_has_more_energy_than_its_data() => Assert.True(Bandit.Run() > 0.6);

    [Fact]
    public void A_dataset_becomes_a_policy()
    {
        var scores = DatasetToPolicy.Run(_folder.At("maze.npz"), _folder.At("maze"));
        Assert.Contains("policy", scores.Keys);
        Assert.True(File.Exists(_folder.At("maze/policy.safetensors")));
    }

    [Fact]
    public void An_objective_of_ones_own_aligns() => Assert.True(OwnObjective.Run(_folder.At("objective")) > 0.6);

    [Fact]
    public void A_critic_of_ones_own_labels() => Assert.Contains("policy", OwnCritic.Run(_folder.At("critic")).Keys);

    [Fact]
    public void An_environment_of_ones_own_is_walked()
    {
        var (behavior, policy) = OwnEnvironment.Run(_folder.At("environment"));
        Assert.True(policy > behavior + 0.3, FormattableString.Invariant($"{behavior} {policy}"));
    }

    [Fact]
    public void An_optimizer_of_ones_own_learns() => Assert.InRange(OwnOptimizer.Run(), 0.1, 1);

    [Fact]
    public void A_kernel_of_ones_own_agrees() => Assert.InRange(OwnKernel.Run(), 0, 1e-7);

    [Fact]
    public void Every_version_of_the_layer_norm_agrees() => Assert.All(LayerNorm.Run(rounds: 2).Values, difference => Assert.InRange(difference, 0, 1e-5f));

    [Fact]
    public void Labels_of_ones_own_are_followed()
    {
        var (behavior, policy) = OwnLabels.Run();
        Assert.True(policy > behavior + 0.2, FormattableString.Invariant($"{behavior} {policy}"));
    }
}

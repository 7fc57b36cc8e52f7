using EDA.Tests.Golden;

namespace EDA.Tests.Ptx;

/// <summary>The operations on the kernels' PTX against PyTorch's in float64, in every case that the stand-in is held to.</summary>
[Trait("Device", "ptx")]
[Trait("speed", "slow")]
public class PtxGoldenTests
{
    public static TheoryData<string, string> Models => PtxCases.Of(DeviceGoldenTests.Networks);

    public static TheoryData<string, string> Critics => PtxCases.Of(CriticGoldenTests.Cases);

    public static TheoryData<string, string> Perceptrons => PtxCases.Of(MlpGoldenTests.Cases);

    public static TheoryData<string, string> Trajectories => PtxCases.Of(SolverGoldenTests.Networks);

    [Theory]
    [MemberData(nameof(Models))]
    public void Density_and_score_are_pytorchs(string device, string name) => new DeviceGoldenTests().Density_and_score_are_pytorchs(device, name);

    [Theory]
    [MemberData(nameof(Models))]
    public void Denoising_step_is_pytorchs(string device, string name) => new DeviceGoldenTests().Denoising_step_is_pytorchs(device, name);

    [Theory]
    [MemberData(nameof(Models))]
    public void Gaps_and_alignment_step_are_pytorchs(string device, string name) => new DeviceGoldenTests().Gaps_and_alignment_step_are_pytorchs(device, name);

    [Theory]
    [MemberData(nameof(Critics))]
    public void Critics_evaluations_are_pytorchs(string device, string name) => new CriticGoldenTests().Evaluations_are_pytorchs(device, name);

    [Theory]
    [MemberData(nameof(Critics))]
    public void Implicit_steps_are_pytorchs(string device, string name) => new CriticGoldenTests().Implicit_steps_are_pytorchs(device, name);

    [Theory]
    [MemberData(nameof(Critics))]
    public void Sampled_steps_are_pytorchs(string device, string name) => new CriticGoldenTests().Sampled_steps_are_pytorchs(device, name);

    [Theory]
    [MemberData(nameof(Perceptrons))]
    public void Perceptrons_are_pytorchs(string device, string name) => new MlpGoldenTests().Outputs_and_gradients_are_pytorchs(device, name);

    [Theory]
    [MemberData(nameof(Trajectories))]
    public void Trajectories_end_where_pytorchs_do(string device, string name) => new SolverGoldenTests().Trajectories_end_where_pytorchs_do(device, name);
}

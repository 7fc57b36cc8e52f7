using EDA.Tests.Kernels;

namespace EDA.Tests.Ptx;

/// <summary>The operations on the kernels' PTX against the float64 twin, in every case that the stand-in is held to.</summary>
[Trait("Device", "ptx")]
public class PtxOperationTests
{
    public static TheoryData<string, string> Models => PtxCases.Of(BdmTwinTests.Cases);

    public static TheoryData<string, string> Critics => PtxCases.Of(CriticTwinTests.Cases);

    public static TheoryData<string, string> Perceptrons => PtxCases.Of(MlpTwinTests.Cases);

    public static TheoryData<string, string> Slopes => PtxCases.Of(ActionGradientTests.Cases);

    [Theory]
    [MemberData(nameof(Models))]
    public void Density_and_score_are_the_twins(string device, string problem) => new BdmTwinTests().Density_and_score_are_the_twins(device, problem);

    [Theory]
    [MemberData(nameof(Models))]
    public void Denoising_step_is_the_twins(string device, string problem) => new BdmTwinTests().Denoising_step_is_the_twins(device, problem);

    [Theory]
    [MemberData(nameof(Models))]
    public void Gaps_and_alignment_step_are_the_twins(string device, string problem) => new BdmTwinTests().Gaps_and_alignment_step_are_the_twins(device, problem);

    [Theory]
    [MemberData(nameof(Models))]
    public void Solver_loop_does_what_the_table_says(string device, string problem) => new BdmTwinTests().Solver_loop_does_what_the_table_says(device, problem);

    [Theory]
    [MemberData(nameof(Critics))]
    public void Implicit_step_is_the_twins(string device, string problem) => new CriticTwinTests().Implicit_step_is_the_twins(device, problem);

    [Theory]
    [MemberData(nameof(Critics))]
    public void Sampled_step_is_the_twins(string device, string problem) => new CriticTwinTests().Sampled_step_is_the_twins(device, problem);

    [Theory]
    [MemberData(nameof(Critics))]
    public void Policy_step_is_the_twins(string device, string problem) => new CriticTwinTests().Policy_step_is_the_twins(device, problem);

    [Theory]
    [MemberData(nameof(Perceptrons))]
    public void Perceptrons_are_the_twins(string device, string problem) => new MlpTwinTests().Outputs_and_gradients_are_the_twins(device, problem);

    [Theory]
    [MemberData(nameof(Slopes))]
    public void Slopes_of_actions_are_the_twins(string device, string problem) => new ActionGradientTests().Slopes_are_the_twins(device, problem);
}

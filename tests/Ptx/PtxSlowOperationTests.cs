using EDA.Tests.Golden;
using EDA.Tests.Kernels;

namespace EDA.Tests.Ptx;

/// <summary>The operations on the kernels' PTX in every case that the stand-in is held to, each precision in those it is for.</summary>
[Trait("Device", "ptx")]
[Trait("speed", "slow")]
public class PtxSlowOperationTests
{
    private const string StandIn = "software";

    public static TheoryData<string, string> Models => Of(BdmTwinTests.Cases);

    public static TheoryData<string, string> Critics => Of(CriticTwinTests.Cases);

    public static TheoryData<string, string> Perceptrons => Of(MlpTwinTests.Cases);

    public static TheoryData<string, string> Slopes => Of(ActionGradientTests.Cases);

    public static TheoryData<string, string> GoldenModels => Of(DeviceGoldenTests.Networks);

    public static TheoryData<string, string> GoldenCritics => Of(CriticGoldenTests.Cases);

    public static TheoryData<string, string> GoldenPerceptrons => Of(MlpGoldenTests.Cases);

    public static TheoryData<string, string> GoldenTrajectories => Of(SolverGoldenTests.Networks);

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

    [Theory]
    [MemberData(nameof(GoldenModels))]
    public void Density_and_score_are_pytorchs(string device, string name) => new DeviceGoldenTests().Density_and_score_are_pytorchs(device, name);

    [Theory]
    [MemberData(nameof(GoldenModels))]
    public void Denoising_step_is_pytorchs(string device, string name) => new DeviceGoldenTests().Denoising_step_is_pytorchs(device, name);

    [Theory]
    [MemberData(nameof(GoldenModels))]
    public void Gaps_and_alignment_step_are_pytorchs(string device, string name) => new DeviceGoldenTests().Gaps_and_alignment_step_are_pytorchs(device, name);

    [Theory]
    [MemberData(nameof(GoldenCritics))]
    public void Critics_evaluations_are_pytorchs(string device, string name) => new CriticGoldenTests().Evaluations_are_pytorchs(device, name);

    [Theory]
    [MemberData(nameof(GoldenCritics))]
    public void Implicit_steps_are_pytorchs(string device, string name) => new CriticGoldenTests().Implicit_steps_are_pytorchs(device, name);

    [Theory]
    [MemberData(nameof(GoldenCritics))]
    public void Sampled_steps_are_pytorchs(string device, string name) => new CriticGoldenTests().Sampled_steps_are_pytorchs(device, name);

    [Theory]
    [MemberData(nameof(GoldenPerceptrons))]
    public void Perceptrons_are_pytorchs(string device, string name) => new MlpGoldenTests().Outputs_and_gradients_are_pytorchs(device, name);

    [Theory]
    [MemberData(nameof(GoldenTrajectories))]
    public void Trajectories_end_where_pytorchs_do(string device, string name) => new SolverGoldenTests().Trajectories_end_where_pytorchs_do(device, name);

    private static TheoryData<string, string> Of(TheoryData<string, string> cases)
    {
        var own = new TheoryData<string, string>();
        foreach (object[] row in (IEnumerable<object[]>)cases)
        {
            if (row is [string device, string other] && device.StartsWith(StandIn, StringComparison.Ordinal))
                own.Add("ptx" + device[StandIn.Length..], other);
        }

        return own;
    }
}

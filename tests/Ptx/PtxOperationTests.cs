using EDA.Tests.Golden;
using EDA.Tests.Kernels;

namespace EDA.Tests.Ptx;

/// <summary>The operations on the kernels' PTX, held to what every device is held to.</summary>
[Trait("Device", "ptx")]
public class PtxOperationTests
{
    private const string Fp32 = "ptx";
    private const string Tf32 = "ptx tf32";
    private const string Bf16 = "ptx bf16";

    [Theory]
    [InlineData(Fp32, "one row of everything")]
    [InlineData(Fp32, "one row with a state")]
    [InlineData(Fp32, "odd batch")]
    [InlineData(Tf32, "one row with a state")]
    [InlineData(Tf32, "odd batch")]
    [InlineData(Bf16, "one row with a state")]
    [InlineData(Bf16, "odd batch")]
    public void Diffusion_model_is_the_twins(string device, string problem)
    {
        var tests = new BdmTwinTests();
        tests.Density_and_score_are_the_twins(device, problem);
        tests.Denoising_step_is_the_twins(device, problem);
        tests.Gaps_and_alignment_step_are_the_twins(device, problem);
        tests.Solver_loop_does_what_the_table_says(device, problem);
    }

    [Theory]
    [InlineData(Fp32, "one of everything")]
    [InlineData(Fp32, "a panel and one row")]
    public void Critics_are_the_twins(string device, string problem)
    {
        var tests = new CriticTwinTests();
        tests.Implicit_step_is_the_twins(device, problem);
        tests.Sampled_step_is_the_twins(device, problem);
        tests.Policy_step_is_the_twins(device, problem);
    }

    [Theory]
    [InlineData(Fp32, "linear")]
    [InlineData(Fp32, "one of everything")]
    [InlineData(Fp32, "a tile of rows")]
    public void Perceptrons_are_the_twins(string device, string problem) => new MlpTwinTests().Outputs_and_gradients_are_the_twins(device, problem);

    [Theory]
    [InlineData(Fp32, "one of everything")]
    [InlineData(Fp32, "a tile and one row")]
    public void Slopes_of_actions_are_the_twins(string device, string problem) => new ActionGradientTests().Slopes_are_the_twins(device, problem);
}

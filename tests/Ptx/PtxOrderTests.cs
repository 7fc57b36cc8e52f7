extern alias ilgpu;

using EDA.Bench.Ptx;
using EDA.Tests.Golden;
using EDA.Tests.Kernels;
using GpuDevice = ilgpu::EDA.Kernels.Gpu.GpuDevice;
using GpuPrecision = ilgpu::EDA.Kernels.Gpu.GpuPrecision;

namespace EDA.Tests.Ptx;

/// <summary>The order in which the warps of a group run between barriers changes no bit of any operation.</summary>
[Trait("Device", "ptx")]
public class PtxOrderTests
{
    private static readonly BdmInputs Inputs = new(new("orders", 190, 5, 3, 64, 2, Rows: 70, StateCount: 11, CandidateCount: 7, SampleStateCount: 5, SampleCandidateCount: 3));

    [Theory]
    [InlineData("Fp32")]
    [InlineData("Tf32")]
    [InlineData("Bf16")]
    public void Every_order_of_warps_gives_the_same_bits(string precision)
    {
        float[][] expected = Everything(precision, PtxOrder.Forward);
        Assert.Equal(expected, Everything(precision, PtxOrder.Reverse));
        Assert.Equal(expected, Everything(precision, PtxOrder.Shuffled));
    }

    private static float[][] Everything(string precision, PtxOrder order)
    {
        using var device = new GpuDevice(new CheckedPtxBackend(new PtxOptions(order)), Enum.Parse<GpuPrecision>(precision));
        using var run = new BdmRun(device, Inputs);
        return
        [
            run.Density(),
            run.Score(),
            run.DenoisingStep(run.GivenDenoising(dropout: true)).Gradient,
            run.Gaps(run.GivenGaps()),
            run.AlignmentStep(new(EDA.Kernels.AlignmentLoss.Value, 1, 3), run.GivenGaps()).Gradient,
            run.Sample(SolverTables.EveryFeature),
        ];
    }
}

extern alias ilgpu;

using EDA.Tests.Gpu;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ExpandForward = ilgpu::EDA.Kernels.Gpu.ExpandForward;
using LayerNormForward = ilgpu::EDA.Kernels.Gpu.LayerNormForward;

namespace EDA.Tests.Ilgpu;

/// <summary>The kernels on ILGPU's own CPU accelerator: a thread an item, so tiny sizes.</summary>
public sealed class IlgpuKernelTests : IDisposable
{
    private readonly Context _context = Context.Create(builder => builder.EnableAlgorithms());
    private readonly Accelerator _accelerator;

    public IlgpuKernelTests() =>
        _accelerator = new CPUDevice(numThreadsPerWarp: 32, numWarpsPerMultiprocessor: 4, numMultiprocessors: 1).CreateAccelerator(_context);

    public void Dispose()
    {
        _accelerator.Dispose();
        _context.Dispose();
    }

    [Theory]
    [InlineData(5, 17, 6)]
    [InlineData(65, 16, 3)]
    public void Expand_matches_float64(int rows, int inner, int columns)
    {
        var expected = new ExpandCase(rows, inner, columns);
        using var input = _accelerator.Allocate1D(expected.Input);
        using var weight = _accelerator.Allocate1D(expected.Weight);
        using var bias = _accelerator.Allocate1D(expected.Bias);
        using var preactivation = _accelerator.Allocate1D<float>(rows * columns);
        using var activation = _accelerator.Allocate1D<float>(rows * columns);
        var kernel = _accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, int, int>(ExpandForward.Run);
        var grid = new Index3D((columns + ExpandForward.Tile - 1) / ExpandForward.Tile, (rows + ExpandForward.Tile - 1) / ExpandForward.Tile, 1);
        kernel(new KernelConfig(grid, new Index3D(ExpandForward.GroupSize, 1, 1)), input.View, weight.View, bias.View, preactivation.View, activation.View, rows, inner, columns);
        _accelerator.Synchronize();
        Assert.InRange(ExpandCase.Error(expected.Preactivation, preactivation.GetAsArray1D()), 0, 1e-6);
        Assert.InRange(ExpandCase.Error(expected.Activation, activation.GetAsArray1D()), 0, 1e-6);
    }

    [Fact]
    public void Layer_norm_matches_float64()
    {
        var expected = new LayerNormCase(2, 130);
        using var input = _accelerator.Allocate1D(expected.Input);
        using var gamma = _accelerator.Allocate1D(expected.Gamma);
        using var beta = _accelerator.Allocate1D(expected.Beta);
        using var normalized = _accelerator.Allocate1D<float>(expected.Normalized.Length);
        using var output = _accelerator.Allocate1D<float>(expected.Output.Length);
        using var deviation = _accelerator.Allocate1D<float>(expected.Rows);
        var kernel = _accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, int>(LayerNormForward.Run);
        kernel(new KernelConfig(expected.Rows, LayerNormForward.GroupSize), input.View, gamma.View, beta.View, normalized.View, output.View, deviation.View, expected.Width);
        _accelerator.Synchronize();
        Assert.InRange(ExpandCase.Error(expected.Normalized, normalized.GetAsArray1D()), 0, 2e-6);
        Assert.InRange(ExpandCase.Error(expected.Output, output.GetAsArray1D()), 0, 2e-6);
        Assert.InRange(ExpandCase.Error(expected.ReciprocalDeviation, deviation.GetAsArray1D()), 0, 2e-6);
    }
}

using EDA.Kernels.Gpu;

namespace EDA.Tests.Gpu;

/// <summary>The cases as arguments of kernels, their arrays in a backend's memory.</summary>
internal static class GpuKernelArguments
{
    public static ProductArguments<ActivationEpilogue> Expand(GpuBackend backend, ExpandCase inputs, GpuArray<float> hidden, GpuArray<float> slope) => new()
    {
        Left = All(backend.Upload<float>(inputs.Input)),
        Right = All(backend.Upload<float>(inputs.Weight)),
        LeftRowStride = inputs.Inner,
        RightRowStride = inputs.Inner,
        RightDepthStride = 1,
        Rows = inputs.Rows,
        Columns = inputs.Columns,
        Depth = inputs.Inner,
        Epilogue = new ActivationEpilogue
        {
            Hidden = All(hidden),
            Slope = All(slope),
            Curvature = All(slope),
            Bias = All(backend.Upload<float>(inputs.Bias)),
            Derivatives = 1,
        },
    };

    public static LayerNormArguments Norm(GpuBackend backend, LayerNormCase inputs, GpuArray<float> normalized, GpuArray<float> output, GpuArray<float> rowValues)
    {
        var (none, draw) = (All(backend.Allocate<float>(1)), backend.Allocate<uint>(DrawView.Length));
        return new LayerNormArguments
        {
            Stream = All(backend.Upload<float>(inputs.Input)),
            Gamma = All(backend.Upload<float>(inputs.Gamma)),
            Beta = All(backend.Upload<float>(inputs.Beta)),
            Normalized = All(normalized),
            Output = All(output),
            NormalizedTangent = none,
            TangentAdjoint = none,
            OutputAdjoint = none,
            StreamAdjoint = none,
            InputAdjoint = none,
            RowValues = All(rowValues),
            Mask = none,
            GivenMask = none,
            Draw = new DrawView { Words = draw.View },
            Rows = inputs.Rows,
            Width = inputs.Width,
            MaskFrom = MaskSource.None,
        };
    }

    private static ModelView All(GpuArray<float> array) => new() { All = array.View, Stride = 0, Length = array.Length, IsAligned = 1 };
}

using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>What a pass through a multi-layer perceptron holds of a panel.</summary>
internal enum MlpPurpose
{
    /// <summary>Outputs alone: no more than two layers' activations at a time.</summary>
    Outputs,

    /// <summary>Forward and back to the input.</summary>
    InputGradient,

    /// <summary>Forward and back, with the operands of every weight gradient.</summary>
    AllGradients,
}

/// <summary>
/// Where things stand in a panel's record. Features are padded to what <see cref="PackedMatrix"/> makes of them; −1 where
/// the purpose has no use for them.
/// </summary>
internal sealed class MlpPanels
{
    public MlpPanels(MlpShape shape, MlpPurpose purpose)
    {
        var record = default(RecordLayout);
        long Features(int count, bool wanted = true) => wanted ? record.Take((long)count * PanelRows) : -1;
        bool back = purpose != MlpPurpose.Outputs, all = purpose == MlpPurpose.AllGradients;
        int[] widths = [.. shape.HiddenWidths.Select(PackedMatrix.Pad)];
        int outputs = PackedMatrix.Pad(shape.OutputSize);
        Input = Features(shape.InputSize);
        if (back)
        {
            Hidden = [.. widths.Select(width => Features(width))];
            Slope = [.. widths.Select(width => Features(width))];
        }
        else
        {
            int widest = widths.Length > 0 ? widths.Max() : 0;
            long[] turns = [Features(widest, widths.Length > 0), Features(widest, widths.Length > 1)];
            Hidden = [.. widths.Select((_, l) => turns[l % 2])];
            Slope = [];
        }

        Output = Features(outputs);
        OutputSlope = Features(outputs, back && shape.Output == MlpOutput.Tanh);
        OutputAdjoint = Features(shape.OutputSize, back);
        InputGradient = Features(PackedMatrix.Pad(shape.InputSize), back);
        TransposedInput = [.. Enumerable.Range(0, all ? shape.Layers : 0).Select(l => Features(RoundUp(shape.LayerInput(l))))];
        var sums = RecordLayout.Contiguous;
        BiasSums = [.. Enumerable.Range(0, back ? shape.Layers : 0).Select(l => sums.Take(PackedMatrix.Pad(shape.LayerOutput(l))))];
        SumsLength = (int)sums.Length;
        Sums = back ? record.Take(sums.Length) : -1;
        (Layout, Stride) = (record, record.Stride);
    }

    /// <summary>x [in].</summary>
    public long Input { get; }

    /// <summary>The activation of each hidden layer.</summary>
    public long[] Hidden { get; }

    /// <summary>The activation's slope in each hidden layer, then ∂L/∂z of it.</summary>
    public long[] Slope { get; }

    /// <summary>y [out].</summary>
    public long Output { get; }

    /// <summary>The slope of the output's tanh [out].</summary>
    public long OutputSlope { get; }

    /// <summary>∂L/∂y, then ∂L/∂z of the last layer [out].</summary>
    public long OutputAdjoint { get; }

    /// <summary>∂L/∂x [in].</summary>
    public long InputGradient { get; }

    /// <summary>What each layer reads, transposed.</summary>
    public long[] TransposedInput { get; }

    /// <summary>The first of the sums over the panel's rows, which stand in one run.</summary>
    public long Sums { get; }

    /// <summary>Floats of all sums, a multiple of 16.</summary>
    public int SumsLength { get; }

    /// <summary>Where each layer's bias gradient stands among the sums.</summary>
    public long[] BiasSums { get; }

    /// <summary>The parts of a record.</summary>
    public RecordLayout Layout { get; }

    /// <summary>Floats from one record to the next.</summary>
    public long Stride { get; }

    /// <summary>∂L/∂z of a layer.</summary>
    public long Adjoint(int layer) => layer < Slope.Length ? Slope[layer] : OutputAdjoint;

    /// <summary>Features of a transposed panel.</summary>
    public static int RoundUp(int features) => (features + PanelRows - 1) / PanelRows * PanelRows;
}

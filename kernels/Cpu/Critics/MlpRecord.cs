using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>
/// What a critic step keeps of each panel of its batch: the transitions, numbers per row, and of each trained network
/// the operands of its weight gradients.
/// </summary>
internal sealed class MlpRecord
{
    /// <summary>Numbers per row that the passes name as they like.</summary>
    public const int RowValueCount = 8;

    public MlpRecord(CriticShape shape, bool nextStates, params ReadOnlySpan<MlpLayout> trained)
    {
        var record = default(RecordLayout);
        long Features(int count) => record.Take((long)count * PanelRows);
        Input = Features(shape.InputSize);
        State = Input + ((long)shape.ActionSize * PanelRows);
        TransposedInputSize = (shape.InputSize + PanelRows - 1) / PanelRows * PanelRows;
        TransposedInput = Features(TransposedInputSize);
        NextState = nextStates ? Features(shape.StateSize) : -1;
        RowValues = Features(RowValueCount);
        Networks = new Network[trained.Length];
        for (int i = 0; i < trained.Length; i++)
        {
            var layout = trained[i];
            int width = layout.Shape.HiddenWidths[0];
            var sums = MlpSums.Of(layout);
            Networks[i] = new Network(
                Features(width),
                Features(width),
                Features(width),
                Features(layout.OutputSize),
                Features(layout.OutputSize),
                record.Take(sums.Length),
                sums);
        }

        (Layout, Stride) = (record, record.Stride);
    }

    /// <summary>[a; s].</summary>
    public long Input { get; }

    /// <summary>s, the end of <see cref="Input"/>.</summary>
    public long State { get; }

    /// <summary>[a; s] transposed.</summary>
    public long TransposedInput { get; }

    /// <summary>A + S, rounded up to 32.</summary>
    public int TransposedInputSize { get; }

    /// <summary>s'; −1 where the step does not look at it.</summary>
    public long NextState { get; }

    /// <summary><see cref="RowValueCount"/> numbers of each row.</summary>
    public long RowValues { get; }

    /// <summary>The trained networks.</summary>
    public Network[] Networks { get; }

    /// <summary>The parts of a panel's record.</summary>
    public RecordLayout Layout { get; }

    /// <summary>Floats from one panel's record to the next.</summary>
    public long Stride { get; }

    /// <summary>The operands of one trained network.</summary>
    /// <param name="Hidden1">The first hidden activation, then ∂L/∂z of it [H].</param>
    /// <param name="TransposedHidden1">The first hidden activation, transposed [H].</param>
    /// <param name="Hidden2">The second hidden activation, then ∂L/∂z of it [H].</param>
    /// <param name="Output">The output [out].</param>
    /// <param name="Seed">∂L/∂output [out].</param>
    /// <param name="Sums">The sums over the panel's rows.</param>
    /// <param name="SumPlaces">Where each stands among them.</param>
    internal readonly record struct Network(
        long Hidden1,
        long TransposedHidden1,
        long Hidden2,
        long Output,
        long Seed,
        long Sums,
        MlpSums SumPlaces);
}

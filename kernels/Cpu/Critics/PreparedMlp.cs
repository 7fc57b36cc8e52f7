using System.Runtime.CompilerServices;
using EDA.Kernels.Cpu.Matrix;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>
/// One network in → H → H → out with ReLU, its matrices packed for panel products, and its forward and backward pass
/// on a tile of panels. The output layer is so narrow that its weights are read where they stand.
/// </summary>
internal sealed unsafe class PreparedMlp<TV, TS> : IDisposable
    where TV : struct
    where TS : struct, ISimd<TV>
{
    /// <summary>Items that the hidden matrix is packed in.</summary>
    private const int HiddenParts = 4;

    private readonly MlpLayout _layout;
    private readonly MlpLayout.Network _network;
    private readonly int _width;
    private readonly PackedMatrix _input;
    private readonly PackedMatrix _hidden;
    private readonly PackedMatrix? _hiddenTransposed;
    private readonly NativeBuffer _packed = new();
    private float* _parameters;

    /// <summary>Plans a network.</summary>
    /// <param name="layout">The layout it belongs to.</param>
    /// <param name="network">Its place there.</param>
    /// <param name="arithmetic">How products are made in blocks; null for fp32.</param>
    public PreparedMlp(MlpLayout layout, int network, BlockArithmetic? arithmetic)
    {
        (_layout, _network, _width) = (layout, layout.Networks[network], layout.Shape.HiddenWidths[0]);
        _input = new PackedMatrix(_width, layout.InputSize, near: true, arithmetic);
        _hidden = new PackedMatrix(_width, _width, near: true, arithmetic);

        // Blocks cannot be read across as fp32's tiles can.
        _hiddenTransposed = _hidden.Arithmetic is null ? null : new PackedMatrix(_width, _width, near: true, arithmetic);
        PackedMatrix.Place([_input, _hidden, _hiddenTransposed], _packed);
    }

    /// <summary>The items of packing: the input matrix, then parts of the hidden one.</summary>
    public static int Parts => 1 + HiddenParts;

    /// <summary>What the network reads.</summary>
    public int InputSize => _layout.InputSize;

    /// <summary>What the network gives.</summary>
    public int OutputSize => _layout.OutputSize;

    /// <summary>The parameters to pack and to read from now on.</summary>
    /// <param name="parameters">The flat array that the network is part of.</param>
    public void Use(float* parameters) => _parameters = parameters;

    /// <summary>Packs one part.</summary>
    public void Pack(int part)
    {
        if (part == 0)
            _input.PackRows<TV, TS>(Parameter(_network.Layers[0].Weight), 0, _input.Tiles);
        else
            PackHidden(Tile(part - 1), Tile(part));

        int Tile(int share) => _hidden.Tiles * share / HiddenParts;
    }

    /// <summary>From the input [in] through both hidden layers [H] to the output [out].</summary>
    public void Forward(Panels input, Panels hidden1, Panels hidden2, Panels output, int panels)
    {
        Product<TV, TS>.Run(_input, input, panels, new ReluEpilogue<TV, TS>(hidden1, Parameter(_network.Layers[0].Bias)));
        Product<TV, TS>.Run(_hidden, hidden1, panels, new ReluEpilogue<TV, TS>(hidden2, Parameter(_network.Layers[1].Bias)));
        float* weight = Parameter(_network.Layers[2].Weight);
        float* bias = Parameter(_network.Layers[2].Bias);
        for (int p = 0; p < panels; p++)
        {
            for (int o = 0; o < _layout.OutputSize; o++)
            {
                float* to = output.At(p, o);
                PanelProduct<TV, TS, ActivationPanel>.Tile(1, new PanelTerms(weight + ((long)o * _width), 0, hidden2.At(p), 0, 1, _width), to, false);
                TV shift = TS.Broadcast(bias[o]);
                for (int r = 0; r < PanelRows; r += TS.Count)
                    TS.Store(TS.Add(TS.Load(to + r), shift), to + r);
            }
        }
    }

    /// <summary>
    /// From ∂L/∂output to ∂L/∂z of both hidden layers, each in the place of its activation, and to each panel's share
    /// of the gradients that are plain sums over rows.
    /// </summary>
    /// <param name="hidden1">The first hidden activation [H], replaced.</param>
    /// <param name="hidden2">The second hidden activation [H], replaced.</param>
    /// <param name="seed">∂L/∂output [out].</param>
    /// <param name="sums">Each panel's sums, see <see cref="MlpSums"/>.</param>
    /// <param name="places">Where the sums stand.</param>
    /// <param name="panels">The number of panels.</param>
    public void Backward(Panels hidden1, Panels hidden2, Panels seed, Panels sums, in MlpSums places, int panels)
    {
        for (int p = 0; p < panels; p++)
            OutputAdjoint(hidden2.At(p), seed.At(p), sums.At(p), places);
        var epilogue = new ReluAdjointEpilogue<TV, TS>(hidden1, new Panels(sums.Start + places.InputBias, sums.Stride));
        if (_hiddenTransposed is null)
            Product<TV, TS>.RunTransposed(_hidden, hidden2, panels, epilogue);
        else
            Product<TV, TS>.Run(_hiddenTransposed, hidden2, panels, epilogue);
    }

    public void Dispose() => _packed.Dispose();

    private void PackHidden(int first, int end)
    {
        float* weight = Parameter(_network.Layers[1].Weight);
        _hidden.PackRows<TV, TS>(weight, first, end);
        _hiddenTransposed?.Pack<TV, TS>(weight, 1, _width, null, null, first, end);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void OutputAdjoint(float* hidden, float* seed, float* sums, in MlpSums places)
    {
        int width = _width, outputs = _layout.OutputSize;
        float* weight = Parameter(_network.Layers[2].Weight);
        for (int o = 0; o < outputs; o++)
        {
            float* gradient = sums + places.OutputWeight + ((long)o * width);
            for (int h = 0; h < width; h++)
            {
                TV total = TS.Broadcast(0f);
                for (int r = 0; r < PanelRows; r += TS.Count)
                    total = TS.MultiplyAdd(TS.Load(seed + (o * PanelRows) + r), TS.Load(hidden + (h * PanelRows) + r), total);
                gradient[h] = TS.Sum(total);
            }

            sums[places.OutputBias + o] = PanelSum<TV, TS>.Row(seed + (o * PanelRows));
        }

        for (int h = 0; h < width; h++)
        {
            TV total = TS.Broadcast(0f);
            for (int r = 0; r < PanelRows; r += TS.Count)
            {
                TV adjoint = TS.Broadcast(0f);
                for (int o = 0; o < outputs; o++)
                    adjoint = TS.MultiplyAdd(TS.Broadcast(weight[(o * width) + h]), TS.Load(seed + (o * PanelRows) + r), adjoint);
                float* at = hidden + (h * PanelRows) + r;
                adjoint = TS.WherePositive(TS.Load(at), adjoint);
                TS.Store(adjoint, at);
                total = TS.Add(total, adjoint);
            }

            sums[places.HiddenBias + h] = TS.Sum(total);
        }
    }

    private float* Parameter(ParameterSlice slice) => _parameters + slice.Offset;
}

/// <summary>Where the gradients that are plain sums over a panel's rows stand.</summary>
/// <param name="InputBias">[H].</param>
/// <param name="HiddenBias">[H].</param>
/// <param name="OutputWeight">[out×H].</param>
/// <param name="OutputBias">[out].</param>
/// <param name="Length">Floats of all.</param>
internal readonly record struct MlpSums(long InputBias, long HiddenBias, long OutputWeight, long OutputBias, long Length)
{
    public static MlpSums Of(MlpLayout layout)
    {
        var places = RecordLayout.Contiguous;
        int width = layout.Shape.HiddenWidths[0];
        return new MlpSums(
            places.Take(width),
            places.Take(width),
            places.Take((long)layout.OutputSize * width),
            places.Take(layout.OutputSize),
            places.Length);
    }
}

using System.Diagnostics;
using System.Runtime.CompilerServices;
using EDA.Kernels.Cpu.Matrix;
using static EDA.Kernels.Cpu.PanelProduct;

namespace EDA.Kernels.Cpu;

/// <summary>
/// One multi-layer perceptron of any depth, its matrices packed for panel products, and its forward and backward pass on
/// a tile of panels. 2·rows·Σ in·out FLOP forward, and as many backward down to the input.
/// </summary>
internal sealed unsafe class MlpLayers<TV, TS> : IDisposable
    where TV : struct
    where TS : struct, ISimd<TV>
{
    private const int TilesPerPart = 8;

    // Half of a 1 MiB second-level cache, which a tile of activations shares.
    private const long NearFloats = 128 * 1024;

    private readonly MlpShape _shape;
    private readonly MlpLayout.Network _network;
    private readonly PackedMatrix[] _forward;
    private readonly PackedMatrix[] _backward;
    private readonly NativeBuffer _packed = new();
    private readonly NativeBuffer _biasMemory = new();
    private readonly float* _biases;
    private readonly long[] _biasOf;
    private readonly Part[] _parts;
    private readonly int _inputParts;
    private float* _parameters;

    /// <summary>Plans a network.</summary>
    /// <param name="layout">Of one network.</param>
    /// <param name="backward">Whether there will be backward passes.</param>
    /// <param name="arithmetic">How products are made in blocks; null for fp32.</param>
    public MlpLayers(MlpLayout layout, bool backward, BlockArithmetic? arithmetic)
    {
        (_shape, _network) = (layout.Shape, layout.Networks[0]);
        int layers = _shape.Layers;
        bool near = layout.Length <= NearFloats;
        _forward = [.. Enumerable.Range(0, layers).Select(l => new PackedMatrix(_shape.LayerOutput(l), _shape.LayerInput(l), near, arithmetic))];
        _backward = [.. Enumerable.Range(0, backward ? layers : 0).Select(l => new PackedMatrix(_shape.LayerInput(l), _shape.LayerOutput(l), near, arithmetic))];
        PackedMatrix.Place([.. _forward, .. _backward], _packed);
        var biases = default(RecordLayout);
        _biasOf = [.. _forward.Select(matrix => biases.Take(matrix.PaddedOutputs))];
        _biases = _biasMemory.Require(biases, zeroed: true);
        var parts = new List<Part>();
        for (int l = 0; l < layers; l++)
            AddParts(_forward[l], l, false);
        for (int l = _backward.Length - 1; l > 0; l--)
            AddParts(_backward[l], l, true);
        int before = parts.Count;
        if (backward)
            AddParts(_backward[0], 0, true);
        (_parts, _inputParts) = ([.. parts], parts.Count - before);

        void AddParts(PackedMatrix matrix, int layer, bool transposed)
        {
            for (int tile = 0; tile < matrix.Tiles; tile += TilesPerPart)
                parts.Add(new Part(matrix, layer, transposed, tile, Math.Min(tile + TilesPerPart, matrix.Tiles)));
        }
    }

    /// <summary>The sizes of the network.</summary>
    public MlpShape Shape => _shape;

    /// <summary>The parameters to pack and to read from now on.</summary>
    /// <param name="parameters">The network's first.</param>
    public void Use(float* parameters) => _parameters = parameters;

    /// <summary>The items of packing.</summary>
    /// <param name="toInput">Whether a backward pass will go down to the input.</param>
    public int Parts(bool toInput) => toInput ? _parts.Length : _parts.Length - _inputParts;

    /// <summary>Packs one part.</summary>
    public void Pack(int item)
    {
        var (matrix, layer, transposed, first, end) = _parts[item];
        var slices = _network.Layers[layer];
        float* weight = _parameters + slices.Weight.Offset;
        if (transposed)
        {
            matrix.Pack<TV, TS>(weight, 1, matrix.Outputs, null, null, first, end);
            return;
        }

        matrix.PackRows<TV, TS>(weight, first, end);
        if (first == 0)
            new Span<float>(_parameters + slices.Bias.Offset, slices.Bias.Length).CopyTo(new Span<float>(_biases + _biasOf[layer], slices.Bias.Length));
    }

    /// <summary>From the input to the output, with the slopes that the backward pass needs where the places have room for them.</summary>
    /// <param name="at">Where things stand.</param>
    /// <param name="record">The first panel's record.</param>
    /// <param name="panels">The number of panels.</param>
    public void Forward(MlpPanels at, float* record, int panels)
    {
        int last = _shape.Layers - 1;
        for (int l = 0; l <= last; l++)
        {
            var input = Place(at, record, l == 0 ? at.Input : at.Hidden[l - 1]);
            if (l < last)
                Layer(_shape.Activation, l, input, Place(at, record, at.Hidden[l]), at.Slope.Length > 0 ? Place(at, record, at.Slope[l]) : default, panels);
            else if (_shape.Output == MlpOutput.Tanh)
                Layer(MlpActivation.Tanh, l, input, Place(at, record, at.Output), at.OutputSlope >= 0 ? Place(at, record, at.OutputSlope) : default, panels);
            else
                Run<Identity<TV, TS>>(l, input, Place(at, record, at.Output), default, panels);
        }
    }

    /// <summary>
    /// From ∂L/∂y to ∂L/∂z of every layer, to each panel's sums of the biases' gradients, and to ∂L/∂x where it is wanted.
    /// </summary>
    /// <param name="at">Where things stand.</param>
    /// <param name="record">The first panel's record.</param>
    /// <param name="panels">The number of panels.</param>
    /// <param name="toInput">Whether ∂L/∂x is wanted.</param>
    public void Backward(MlpPanels at, float* record, int panels, bool toInput)
    {
        int last = _shape.Layers - 1;
        for (int p = 0; p < panels; p++)
            OutputAdjoint(at, record + (p * at.Stride));
        for (int l = last; l > 0; l--)
        {
            // In the place of the slope, element by element.
            var slope = Place(at, record, at.Slope[l - 1]);
            Product<TV, TS>.Run(
                _backward[l],
                Place(at, record, at.Adjoint(l)),
                panels,
                new TrainingSlopeEpilogue<TV, TS>(slope, slope, default, Place(at, record, at.Sums + at.BiasSums[l - 1])));
        }

        if (toInput)
            Product<TV, TS>.Run(_backward[0], Place(at, record, at.Adjoint(0)), panels, new StoreEpilogue<TV, TS>(Place(at, record, at.InputGradient), null));
    }

    public void Dispose()
    {
        _packed.Dispose();
        _biasMemory.Dispose();
    }

    private static Panels Place(MlpPanels at, float* record, long offset) => new(record + offset, at.Stride);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void OutputAdjoint(MlpPanels at, float* record)
    {
        float* adjoint = record + at.OutputAdjoint;
        if (at.OutputSlope >= 0)
        {
            float* slope = record + at.OutputSlope;
            for (int i = 0; i < _shape.OutputSize * PanelRows; i += TS.Count)
                TS.Store(TS.Multiply(TS.Load(adjoint + i), TS.Load(slope + i)), adjoint + i);
        }

        PanelSum<TV, TS>.Run(adjoint, _shape.OutputSize, record + at.Sums + at.BiasSums[^1]);
    }

    private void Layer(MlpActivation activation, int layer, Panels input, Panels output, Panels slope, int panels)
    {
        switch (activation)
        {
            case MlpActivation.Relu: Run<Relu<TV, TS>>(layer, input, output, slope, panels); break;
            case MlpActivation.SiLU: Run<SiLU<TV, TS>>(layer, input, output, slope, panels); break;
            case MlpActivation.Mish: Run<Mish<TV, TS>>(layer, input, output, slope, panels); break;
            case MlpActivation.Tanh: Run<Tanh<TV, TS>>(layer, input, output, slope, panels); break;
            default: throw new UnreachableException($"activation {activation}");
        }
    }

    private void Run<TA>(int layer, Panels input, Panels output, Panels slope, int panels)
        where TA : struct, IActivation<TV> =>
        Product<TV, TS>.Run(_forward[layer], input, panels, new LayerEpilogue<TV, TS, TA>(output, slope, _biases + _biasOf[layer]));

    private readonly record struct Part(PackedMatrix Matrix, int Layer, bool Transposed, int First, int End);
}

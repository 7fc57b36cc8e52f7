namespace EDA.Kernels;

/// <summary>
/// Where each tensor of some equal networks, in → H → H → out, stands in their one flat parameter array. Gradients and
/// moments share the layout. Names are those of PyTorch's Sequential of Linear and ReLU: <c>.0</c>, <c>.2</c>, <c>.4</c>.
/// </summary>
public sealed class MlpLayout
{
    private readonly List<ParameterSlice> _slices = [];
    private int _length;

    /// <summary>Lays out networks one after the other.</summary>
    /// <param name="inputSize">What each network reads.</param>
    /// <param name="width">H.</param>
    /// <param name="outputSize">What each network gives.</param>
    /// <param name="names">The module name of each network.</param>
    public MlpLayout(int inputSize, int width, int outputSize, params string[] names)
    {
        (InputSize, Width, OutputSize) = (inputSize, width, outputSize);
        Networks = [.. names.Select(name => new Network(
            Add(name + ".0.weight", width, inputSize),
            Add(name + ".0.bias", width),
            Add(name + ".2.weight", width, width),
            Add(name + ".2.bias", width),
            Add(name + ".4.weight", outputSize, width),
            Add(name + ".4.bias", outputSize)))];
    }

    /// <summary>What each network reads.</summary>
    public int InputSize { get; }

    /// <summary>H, the width of both hidden layers.</summary>
    public int Width { get; }

    /// <summary>What each network gives.</summary>
    public int OutputSize { get; }

    /// <summary>The networks, in order.</summary>
    public IReadOnlyList<Network> Networks { get; }

    /// <summary>Every slice, in order, without gaps.</summary>
    public IReadOnlyList<ParameterSlice> Slices => _slices;

    /// <summary>The number of parameters of all networks.</summary>
    public int Length => _length;

    private ParameterSlice Add(string name, params int[] dimensions)
    {
        var slice = new ParameterSlice(name, dimensions, _length);
        _slices.Add(slice);
        _length = checked(_length + slice.Length);
        return slice;
    }

    /// <summary>The parameters of one network.</summary>
    /// <param name="InputWeight">[H×in].</param>
    /// <param name="InputBias">[H].</param>
    /// <param name="HiddenWeight">[H×H].</param>
    /// <param name="HiddenBias">[H].</param>
    /// <param name="OutputWeight">[out×H].</param>
    /// <param name="OutputBias">[out].</param>
    public sealed record Network(
        ParameterSlice InputWeight,
        ParameterSlice InputBias,
        ParameterSlice HiddenWeight,
        ParameterSlice HiddenBias,
        ParameterSlice OutputWeight,
        ParameterSlice OutputBias);
}

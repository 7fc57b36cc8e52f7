namespace EDA.Kernels;

/// <summary>
/// Where each tensor of a multi-layer perceptron, or of some equal ones, stands in their one flat parameter array.
/// Gradients and moments share the layout. Names are those of PyTorch's Sequential of linear layers and activations:
/// layer l is <c>.2l</c>, so a network of three has <c>.0</c>, <c>.2</c> and <c>.4</c>.
/// </summary>
public sealed class MlpLayout
{
    // 128 bytes: a cache line of a GPU.
    private const int ModelAlignment = 32;

    private readonly List<ParameterSlice> _slices = [];
    private int _length;

    /// <summary>Lays out networks one after the other.</summary>
    /// <param name="shape">The sizes of each network.</param>
    /// <param name="names">The module name of each network.</param>
    /// <exception cref="OverflowException">The parameters of all are too many to count in an int.</exception>
    public MlpLayout(MlpShape shape, params string[] names)
    {
        ArgumentNullException.ThrowIfNull(shape);
        Shape = shape;
        Networks = [.. names.Select(name => new Network([.. Enumerable.Range(0, shape.Layers).Select(layer => Linear(name, layer))]))];
    }

    /// <summary>The sizes of each network.</summary>
    public MlpShape Shape { get; }

    /// <summary>What each network reads.</summary>
    public int InputSize => Shape.InputSize;

    /// <summary>What each network gives.</summary>
    public int OutputSize => Shape.OutputSize;

    /// <summary>The networks, in order.</summary>
    public IReadOnlyList<Network> Networks { get; }

    /// <summary>Every slice, in order, without gaps.</summary>
    public IReadOnlyList<ParameterSlice> Slices => _slices;

    /// <summary>The number of parameters of all networks.</summary>
    public int Length => _length;

    /// <summary>
    /// Where several models' parameters stand in one array, the distance from one model's first to the next's:
    /// <see cref="Length"/> rounded up to a multiple of 32.
    /// </summary>
    public int ModelStride => checked((_length + ModelAlignment - 1) / ModelAlignment * ModelAlignment);

    private Layer Linear(string name, int layer)
    {
        int inputs = Shape.LayerInput(layer), outputs = Shape.LayerOutput(layer);
        return new Layer(Add($"{name}.{2 * layer}.weight", outputs, inputs), Add($"{name}.{2 * layer}.bias", outputs));
    }

    private ParameterSlice Add(string name, params int[] dimensions)
    {
        var slice = new ParameterSlice(name, dimensions, _length);
        _slices.Add(slice);
        _length = checked(_length + slice.Length);
        return slice;
    }

    /// <summary>The parameters of one network.</summary>
    /// <param name="Layers">Its linear layers, first to last.</param>
    public sealed record Network(IReadOnlyList<Layer> Layers);

    /// <summary>The parameters of one linear layer.</summary>
    /// <param name="Weight">[outputs×inputs].</param>
    /// <param name="Bias">[outputs].</param>
    public sealed record Layer(ParameterSlice Weight, ParameterSlice Bias);
}

using EDA.Kernels;
using static EDA.Tests.Twin.Elementwise;
using static EDA.Tests.Twin.Matrices;

namespace EDA.Tests.Twin;

/// <summary>The networks of one layout in float64 over differentiable variables.</summary>
public sealed class TwinMlp
{
    private readonly MlpLayout _layout;
    private readonly Dictionary<string, Variable> _parameters = [];

    public TwinMlp(MlpLayout layout, ReadOnlySpan<double> parameters)
    {
        _layout = layout;
        foreach (var slice in layout.Slices)
        {
            (int rows, int columns) = slice.Dimensions.Count == 1 ? (1, slice.Dimensions[0]) : (slice.Dimensions[0], slice.Dimensions[1]);
            _parameters[slice.Name] = Variable.Leaf(rows, columns, parameters.Slice(slice.Offset, slice.Length).ToArray());
        }
    }

    public TwinMlp(MlpLayout layout, float[] parameters)
        : this(layout, Array.ConvertAll(parameters, x => (double)x))
    {
    }

    /// <summary>A network's output [n×out].</summary>
    /// <param name="name">The module: q1, q2, v or net.</param>
    /// <param name="x">The input [n×in].</param>
    public Variable Forward(string name, Variable x)
    {
        for (int l = 0; l < _layout.Shape.Layers; l++)
            x = Linear(l == 0 ? x : Activate(x), $"{name}.{2 * l}");
        return _layout.Shape.Output == MlpOutput.Tanh ? Tanh(x) : x;
    }

    /// <summary>The gradient of a number by every parameter, in the order of the layout.</summary>
    public double[] Gradient(Variable output)
    {
        var found = Differentiation.Gradient(output, [.. _layout.Slices.Select(slice => _parameters[slice.Name])]);
        var gradient = new double[_layout.Length];
        for (int i = 0; i < found.Length; i++)
            found[i].Values.CopyTo(gradient, _layout.Slices[i].Offset);
        return gradient;
    }

    private Variable Activate(Variable z) => _layout.Shape.Activation switch
    {
        MlpActivation.Relu => Relu(z),
        MlpActivation.SiLU => SiLU(z),
        MlpActivation.Mish => z * Tanh(Log(Shift(Exp(z), 1))),
        MlpActivation.Tanh => Tanh(z),
        _ => throw new ArgumentException($"no such activation: {_layout.Shape.Activation}"),
    };

    private Variable Linear(Variable x, string name) =>
        Product(x, Transpose(_parameters[name + ".weight"])) + RepeatRow(_parameters[name + ".bias"], x.Rows);
}

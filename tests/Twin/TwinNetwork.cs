using EDA.Kernels;
using static EDA.Tests.Twin.Elementwise;
using static EDA.Tests.Twin.Matrices;

namespace EDA.Tests.Twin;

/// <summary>
/// The bottleneck diffusion model in float64, written from the formula (method: section 2) over differentiable
/// variables, with none of the devices' shortcuts.
/// </summary>
public sealed class TwinNetwork
{
    private readonly BdmShape _shape;
    private readonly BdmLayout _layout;
    private readonly Dictionary<string, Variable> _parameters = [];

    public TwinNetwork(BdmShape shape, ReadOnlySpan<double> parameters)
    {
        _shape = shape;
        _layout = new BdmLayout(shape);
        foreach (var slice in _layout.Slices)
        {
            (int rows, int columns) = slice.Dimensions.Count == 1
                ? (1, slice.Dimensions[0])
                : (slice.Dimensions[0], slice.Dimensions[1]);
            _parameters[slice.Name] = Variable.Leaf(rows, columns, parameters.Slice(slice.Offset, slice.Length).ToArray());
        }
    }

    public TwinNetwork(BdmShape shape, float[] parameters)
        : this(shape, Array.ConvertAll(parameters, x => (double)x))
    {
    }

    /// <summary>f(a_t | s, t) [n×1].</summary>
    /// <param name="actions">a_t [n×A].</param>
    /// <param name="times">t [n].</param>
    /// <param name="states">s [n×S], or null.</param>
    /// <param name="mask">1 where a feature is kept [n×blocks×H], or null without dropout.</param>
    /// <param name="dropoutRate">The probability that a feature is dropped.</param>
    public Variable Density(Variable actions, float[] times, float[]? states, float[]? mask = null, double dropoutRate = 0)
    {
        int n = times.Length;
        string condition = _shape.StateSize > 0 ? "cond_model.0" : "cond_model";
        var embedding = SiLU(Linear(TimeFeatures(times), condition));
        var action = Linear(actions, "dense2");
        var time = Linear(embedding, "dense1");
        var u = states is null
            ? Concatenate(action, time)
            : Concatenate(action, time, Linear(Variable.Leaf(n, _shape.StateSize, states), "dense3"));

        var x = Linear(u, "main.fc");
        for (int l = 0; l < _shape.Blocks; l++)
        {
            string block = $"main.blocks.{l}.";
            var kept = mask is null ? x : x * Kept(mask, n, l, dropoutRate);
            var y = LayerNorm(kept, block + "layer_norm");
            x += Linear(SiLU(Linear(y, block + "fc1")), block + "fc2");
        }

        return SumOverColumns(Linear(SiLU(x), "main.out_fc"));
    }

    /// <summary>The gradient of a number by every parameter, in the order of the layout; 0 for the fixed frequencies.</summary>
    public double[] Gradient(Variable output)
    {
        var moving = _layout.Slices.Where(slice => slice.Name != "embed.0.W").ToArray();
        var found = Differentiation.Gradient(output, [.. moving.Select(slice => _parameters[slice.Name])]);
        var gradient = new double[_layout.Length];
        for (int i = 0; i < moving.Length; i++)
            found[i].Values.CopyTo(gradient, moving[i].Offset);
        return gradient;
    }

    /// <summary>φ(t) = [sin 2πwt, cos 2πwt].</summary>
    private Variable TimeFeatures(float[] times)
    {
        double[] w = _parameters["embed.0.W"].Values;
        var features = new double[times.Length * 2 * w.Length];
        for (int i = 0; i < times.Length; i++)
        {
            for (int j = 0; j < w.Length; j++)
            {
                (double sine, double cosine) = Math.SinCos(2 * Math.PI * w[j] * times[i]);
                features[(i * 2 * w.Length) + j] = sine;
                features[(((i * 2) + 1) * w.Length) + j] = cosine;
            }
        }

        return Variable.Leaf(times.Length, 2 * w.Length, features);
    }

    private Variable Linear(Variable x, string name) =>
        Product(x, Transpose(_parameters[name + ".weight"])) + RepeatRow(_parameters[name + ".bias"], x.Rows);

    private Variable LayerNorm(Variable x, string name)
    {
        double share = 1.0 / x.Columns;
        var centred = x - RepeatColumn(share * SumOverColumns(x), x.Columns);
        var variance = share * SumOverColumns(centred * centred);
        var normal = centred * RepeatColumn(Power(Shift(variance, 1e-5), -0.5), x.Columns);
        return (normal * RepeatRow(_parameters[name + ".weight"], x.Rows)) + RepeatRow(_parameters[name + ".bias"], x.Rows);
    }

    private Variable Kept(float[] mask, int rows, int block, double dropoutRate)
    {
        int h = _shape.Width;
        var factors = new double[rows * h];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < h; j++)
                factors[(i * h) + j] = mask[(((i * _shape.Blocks) + block) * h) + j] / (1 - dropoutRate);
        }

        return Variable.Leaf(rows, h, factors);
    }
}

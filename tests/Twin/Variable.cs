namespace EDA.Tests.Twin;

/// <summary>
/// A matrix of doubles that remembers what it was computed from, so that it can be differentiated. Pullbacks are
/// made of the same operations, so a gradient is again a graph and can be differentiated in turn.
/// </summary>
public sealed class Variable
{
    [ThreadStatic]
    private static long s_made;

    internal Variable(int rows, int columns, double[] values, params Edge[] edges)
    {
        if (values.Length != rows * columns)
            throw new ArgumentException($"{values.Length} values are not [{rows}×{columns}]", nameof(values));
        (Rows, Columns, Values, Edges, Order) = (rows, columns, values, edges, s_made++);
    }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>Row-major.</summary>
    public double[] Values { get; }

    /// <summary>What it was computed from, each with the way back for a gradient.</summary>
    internal Edge[] Edges { get; }

    /// <summary>Rises with every variable made: an order in which nothing stands before what it came from.</summary>
    internal long Order { get; }

    public static Variable operator +(Variable a, Variable b) => Elementwise.Add(a, b);

    public static Variable operator -(Variable a, Variable b) => Elementwise.Add(a, Elementwise.Scale(b, -1));

    public static Variable operator *(Variable a, Variable b) => Elementwise.Multiply(a, b);

    public static Variable operator *(double factor, Variable a) => Elementwise.Scale(a, factor);

    /// <summary>A leaf: a parameter, an input or a constant.</summary>
    public static Variable Leaf(int rows, int columns, double[] values) => new(rows, columns, values);

    /// <summary>A leaf from single-precision numbers.</summary>
    public static Variable Leaf(int rows, int columns, ReadOnlySpan<float> values)
    {
        var wide = new double[values.Length];
        for (int i = 0; i < wide.Length; i++)
            wide[i] = values[i];
        return new Variable(rows, columns, wide);
    }

    /// <summary>A matrix of one number.</summary>
    public static Variable Constant(int rows, int columns, double value)
    {
        var values = new double[rows * columns];
        Array.Fill(values, value);
        return new Variable(rows, columns, values);
    }

    /// <summary>From a variable back to one it was computed from.</summary>
    /// <param name="Source">What it was computed from.</param>
    /// <param name="Pullback">Turns the gradient of the result into this source's share of the gradient.</param>
    internal readonly record struct Edge(Variable Source, Func<Variable, Variable> Pullback);
}

namespace EDA.Tests.Twin;

/// <summary>Operations on each element by itself.</summary>
public static class Elementwise
{
    public static Variable Add(Variable a, Variable b) =>
        new(a.Rows, a.Columns, Map(a, b, (x, y) => x + y), new Variable.Edge(a, g => g), new Variable.Edge(b, g => g));

    public static Variable Multiply(Variable a, Variable b) =>
        new(a.Rows, a.Columns, Map(a, b, (x, y) => x * y), new Variable.Edge(a, g => g * b), new Variable.Edge(b, g => g * a));

    public static Variable Scale(Variable a, double factor) =>
        new(a.Rows, a.Columns, Map(a, x => factor * x), new Variable.Edge(a, g => Scale(g, factor)));

    /// <summary>a + offset.</summary>
    public static Variable Shift(Variable a, double offset) =>
        new(a.Rows, a.Columns, Map(a, x => x + offset), new Variable.Edge(a, g => g));

    /// <summary>a to the power of a constant.</summary>
    public static Variable Power(Variable a, double exponent) =>
        new(a.Rows, a.Columns, Map(a, x => Math.Pow(x, exponent)), new Variable.Edge(a, g => g * (exponent * Power(a, exponent - 1))));

    public static Variable Exp(Variable a) =>
        new(a.Rows, a.Columns, Map(a, Math.Exp), new Variable.Edge(a, g => g * Exp(a)));

    public static Variable Log(Variable a) =>
        new(a.Rows, a.Columns, Map(a, Math.Log), new Variable.Edge(a, g => g * Power(a, -1)));

    /// <summary>1 / (1 + e^−a).</summary>
    public static Variable Sigmoid(Variable a) => new(
        a.Rows,
        a.Columns,
        Map(a, x => 1 / (1 + Math.Exp(-x))),
        new Variable.Edge(a, g =>
        {
            var s = Sigmoid(a);
            return g * (s - (s * s));
        }));

    /// <summary>a · sigmoid(a).</summary>
    public static Variable SiLU(Variable a) => a * Sigmoid(a);

    /// <summary>max(0, a); its slope at 0 is 0.</summary>
    public static Variable Relu(Variable a) =>
        new(a.Rows, a.Columns, Map(a, x => Math.Max(0, x)), new Variable.Edge(a, g => g * Variable.Leaf(a.Rows, a.Columns, Map(a, x => x > 0 ? 1 : 0))));

    /// <summary>tanh a = 2 / (1 + e^−2a) − 1.</summary>
    public static Variable Tanh(Variable a) => Shift(2 * Sigmoid(2 * a), -1);

    private static double[] Map(Variable a, Func<double, double> function)
    {
        var values = new double[a.Values.Length];
        for (int i = 0; i < values.Length; i++)
            values[i] = function(a.Values[i]);
        return values;
    }

    private static double[] Map(Variable a, Variable b, Func<double, double, double> function)
    {
        if (a.Rows != b.Rows || a.Columns != b.Columns)
            throw new ArgumentException($"[{a.Rows}×{a.Columns}] does not go with [{b.Rows}×{b.Columns}]");
        var values = new double[a.Values.Length];
        for (int i = 0; i < values.Length; i++)
            values[i] = function(a.Values[i], b.Values[i]);
        return values;
    }
}

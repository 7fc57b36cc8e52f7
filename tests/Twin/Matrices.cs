using System.Numerics;
using System.Runtime.InteropServices;

namespace EDA.Tests.Twin;

/// <summary>Operations that mix the elements of a matrix.</summary>
public static class Matrices
{
    /// <summary>a·b.</summary>
    public static Variable Product(Variable a, Variable b)
    {
        if (a.Columns != b.Rows)
            throw new ArgumentException($"[{a.Rows}×{a.Columns}] cannot be multiplied by [{b.Rows}×{b.Columns}]");
        var values = new double[a.Rows * b.Columns];
        for (int i = 0; i < a.Rows; i++)
        {
            var sum = values.AsSpan(i * b.Columns, b.Columns);
            for (int k = 0; k < a.Columns; k++)
                AddScaled(sum, a.Values[(i * a.Columns) + k], b.Values.AsSpan(k * b.Columns, b.Columns));
        }

        return new Variable(
            a.Rows,
            b.Columns,
            values,
            new Variable.Edge(a, g => Product(g, Transpose(b))),
            new Variable.Edge(b, g => Product(Transpose(a), g)));
    }

    public static Variable Transpose(Variable a)
    {
        var values = new double[a.Values.Length];
        for (int i = 0; i < a.Rows; i++)
        {
            for (int j = 0; j < a.Columns; j++)
                values[(j * a.Rows) + i] = a.Values[(i * a.Columns) + j];
        }

        return new Variable(a.Columns, a.Rows, values, new Variable.Edge(a, Transpose));
    }

    /// <summary>Adds up each column: [m×n] → [1×n].</summary>
    public static Variable SumOverRows(Variable a)
    {
        var values = new double[a.Columns];
        for (int i = 0; i < a.Rows; i++)
            AddScaled(values, 1, a.Values.AsSpan(i * a.Columns, a.Columns));
        return new Variable(1, a.Columns, values, new Variable.Edge(a, g => RepeatRow(g, a.Rows)));
    }

    /// <summary>[1×n] → [m×n].</summary>
    public static Variable RepeatRow(Variable a, int rows)
    {
        var values = new double[rows * a.Columns];
        for (int i = 0; i < rows; i++)
            a.Values.CopyTo(values, i * a.Columns);
        return new Variable(rows, a.Columns, values, new Variable.Edge(a, SumOverRows));
    }

    /// <summary>Adds up each row: [m×n] → [m×1].</summary>
    public static Variable SumOverColumns(Variable a)
    {
        var values = new double[a.Rows];
        for (int i = 0; i < a.Rows; i++)
        {
            foreach (double x in a.Values.AsSpan(i * a.Columns, a.Columns))
                values[i] += x;
        }

        return new Variable(a.Rows, 1, values, new Variable.Edge(a, g => RepeatColumn(g, a.Columns)));
    }

    /// <summary>[m×1] → [m×n].</summary>
    public static Variable RepeatColumn(Variable a, int columns)
    {
        var values = new double[a.Rows * columns];
        for (int i = 0; i < a.Rows; i++)
            values.AsSpan(i * columns, columns).Fill(a.Values[i]);
        return new Variable(a.Rows, columns, values, new Variable.Edge(a, SumOverColumns));
    }

    /// <summary>The sum of all elements: [1×1].</summary>
    public static Variable Sum(Variable a) => SumOverColumns(SumOverRows(a));

    /// <summary>The same elements, row by row, in another shape.</summary>
    public static Variable Reshape(Variable a, int rows, int columns) =>
        new(rows, columns, a.Values, new Variable.Edge(a, g => Reshape(g, a.Rows, a.Columns)));

    /// <summary>Puts matrices side by side.</summary>
    public static Variable Concatenate(params Variable[] parts)
    {
        int columns = parts.Sum(part => part.Columns), start = 0;
        Variable? whole = null;
        foreach (var part in parts)
        {
            var placed = Place(part, start, columns);
            whole = whole is null ? placed : whole + placed;
            start += part.Columns;
        }

        return whole ?? throw new ArgumentException("nothing to concatenate", nameof(parts));
    }

    /// <summary>Columns of a wider matrix of zeros.</summary>
    private static Variable Place(Variable a, int start, int columns)
    {
        var values = new double[a.Rows * columns];
        for (int i = 0; i < a.Rows; i++)
            a.Values.AsSpan(i * a.Columns, a.Columns).CopyTo(values.AsSpan((i * columns) + start));
        return new Variable(a.Rows, columns, values, new Variable.Edge(a, g => Take(g, start, a.Columns)));
    }

    /// <summary>Some of the columns.</summary>
    private static Variable Take(Variable a, int start, int columns)
    {
        var values = new double[a.Rows * columns];
        for (int i = 0; i < a.Rows; i++)
            a.Values.AsSpan((i * a.Columns) + start, columns).CopyTo(values.AsSpan(i * columns));
        return new Variable(a.Rows, columns, values, new Variable.Edge(a, g => Place(g, start, a.Columns)));
    }

    private static void AddScaled(Span<double> sum, double factor, ReadOnlySpan<double> terms)
    {
        var wideSum = MemoryMarshal.Cast<double, Vector<double>>(sum);
        var wideTerms = MemoryMarshal.Cast<double, Vector<double>>(terms);
        for (int i = 0; i < wideSum.Length; i++)
            wideSum[i] += factor * wideTerms[i];
        for (int i = wideSum.Length * Vector<double>.Count; i < sum.Length; i++)
            sum[i] += factor * terms[i];
    }
}

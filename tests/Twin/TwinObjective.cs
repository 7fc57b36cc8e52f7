using EDA.Kernels;
using static EDA.Tests.Twin.Elementwise;
using static EDA.Tests.Twin.Matrices;

namespace EDA.Tests.Twin;

/// <summary>The alignment losses in float64 (Eq. 14-16).</summary>
public static class TwinObjective
{
    /// <summary>L as a variable over the gaps.</summary>
    /// <param name="objective">The loss and its constants.</param>
    /// <param name="gaps">Δ [b×K].</param>
    /// <param name="labels">Q [b×K].</param>
    public static Variable Loss(AlignmentObjective objective, Variable gaps, float[] labels)
    {
        var logPolicy = LogSoftmax((double)objective.Temperature * gaps);
        var target = objective.Loss == AlignmentLoss.Value
            ? Exp(LogSoftmax((double)objective.LabelScale * Variable.Leaf(gaps.Rows, gaps.Columns, labels)))
            : Winners(gaps.Rows, gaps.Columns, labels);
        return (-1.0 / gaps.Rows) * Sum(target * logPolicy);
    }

    /// <summary>L and ∂L/∂Δ.</summary>
    public static (double Loss, double[] GapsGradient) Step(AlignmentObjective objective, float[] gaps, float[] labels, int candidateCount)
    {
        var delta = Variable.Leaf(gaps.Length / candidateCount, candidateCount, gaps);
        var loss = Loss(objective, delta, labels);
        return (loss.Values[0], Differentiation.Gradient(loss, delta)[0].Values);
    }

    private static Variable LogSoftmax(Variable a)
    {
        // Subtracting a constant from a row changes nothing, so the maximum may be one.
        var maxima = Variable.Leaf(a.Rows, 1, [.. a.Values.Chunk(a.Columns).Select(row => row.Max())]);
        var shifted = a - RepeatColumn(maxima, a.Columns);
        return shifted - RepeatColumn(Log(SumOverColumns(Exp(shifted))), a.Columns);
    }

    private static Variable Winners(int rows, int columns, float[] labels)
    {
        var winners = new double[rows * columns];
        for (int i = 0; i < rows; i++)
        {
            var row = labels.AsSpan(i * columns, columns);
            int best = 0;
            for (int k = 1; k < columns; k++)
            {
                if (row[k] > row[best])
                    best = k;
            }

            winners[(i * columns) + best] = 1;
        }

        return Variable.Leaf(rows, columns, winners);
    }
}

namespace EDA.Tests.Twin;

/// <summary>Reverse-mode differentiation of what variables remember.</summary>
public static class Differentiation
{
    /// <summary>The gradient of a [1×1] variable, itself a graph that can be differentiated.</summary>
    /// <param name="output">What to differentiate.</param>
    /// <param name="inputs">What to differentiate by.</param>
    /// <returns>One variable for each input; zeros where the output does not depend on it.</returns>
    public static Variable[] Gradient(Variable output, params Variable[] inputs)
    {
        if (output.Values.Length != 1)
            throw new ArgumentException($"[{output.Rows}×{output.Columns}] is not a number", nameof(output));
        var path = OnTheWay(output, inputs);
        var gradients = new Dictionary<Variable, Variable> { [output] = Variable.Constant(1, 1, 1) };
        foreach (var variable in path.OrderByDescending(variable => variable.Order))
        {
            if (!gradients.TryGetValue(variable, out var gradient))
                continue;
            foreach (var edge in variable.Edges)
            {
                if (!path.Contains(edge.Source))
                    continue;
                var share = edge.Pullback(gradient);
                gradients[edge.Source] = gradients.TryGetValue(edge.Source, out var sum) ? sum + share : share;
            }
        }

        return [.. inputs.Select(input =>
            gradients.TryGetValue(input, out var found) ? found : Variable.Constant(input.Rows, input.Columns, 0))];
    }

    /// <summary>The variables through which the output depends on an input: the only ones worth a gradient.</summary>
    private static HashSet<Variable> OnTheWay(Variable output, Variable[] inputs)
    {
        var ancestors = new HashSet<Variable>();
        var pending = new Stack<Variable>([output]);
        while (pending.TryPop(out var variable))
        {
            if (!ancestors.Add(variable))
                continue;
            foreach (var edge in variable.Edges)
                pending.Push(edge.Source);
        }

        var path = new HashSet<Variable>(inputs);
        foreach (var variable in ancestors.OrderBy(variable => variable.Order))
        {
            if (variable.Edges.Any(edge => path.Contains(edge.Source)))
                path.Add(variable);
        }

        return path;
    }
}

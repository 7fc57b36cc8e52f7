using System.Globalization;
using EDA.Engine.Checkpoints;
using EDA.Kernels;

namespace EDA.Engine.Export;

/// <summary>
/// The network f of a bottleneck diffusion model (method: section 2) as ONNX operators, and its gradient at the action, which ONNX
/// has no operator for: the layers once more, backwards. What is linear before the first block is multiplied out in double.
/// </summary>
internal sealed class BdmGraph
{
    private const float NormEpsilon = 1e-5f;

    private readonly OnnxGraph _graph;
    private readonly BdmWeights _weights;
    private readonly string _actionWeight;
    private readonly string? _stateWeight;
    private readonly string _bias;
    private readonly string _outputColumn;
    private readonly double[] _embeddingWeight; // F_e D1 [H×32]
    private readonly double[] _embeddingBias; // F_e d1 [H]
    private readonly List<Block> _blocks = [];
    private int _times;

    /// <summary>Adds the weights to a graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="weights">The weights.</param>
    public BdmGraph(OnnxGraph graph, BdmWeights weights)
    {
        (_graph, _weights) = (graph, weights);
        var (layout, shape) = (weights.Layout, weights.Layout.Shape);
        int h = shape.Width;
        float[] input = Values(layout.InputWeight);
        var (actionStart, embeddingStart, stateStart) = (0, shape.ActionFeatures, shape.ActionFeatures + shape.EmbeddingFeatures);
        double[] actions = Times(input, h, actionStart, shape.ActionFeatures, Values(layout.ActionWeight), shape.ActionSize);
        double[] bias = Times(input, h, actionStart, shape.ActionFeatures, Values(layout.ActionBias), 1);
        Accumulate(bias, Values(layout.InputBias));
        _embeddingWeight = Times(input, h, embeddingStart, shape.EmbeddingFeatures, Values(layout.EmbeddingWeight), BdmShape.TimeFeatures);
        _embeddingBias = Times(input, h, embeddingStart, shape.EmbeddingFeatures, Values(layout.EmbeddingBias), 1);
        if (shape.StateSize > 0)
        {
            _stateWeight = graph.Weights("input.state.weight", Rounded(Times(input, h, stateStart, shape.StateFeatures, Values(layout.StateWeight!), shape.StateSize)), h, shape.StateSize);
            Accumulate(bias, Times(input, h, stateStart, shape.StateFeatures, Values(layout.StateBias!), 1));
        }

        _actionWeight = graph.Weights("input.action.weight", Rounded(actions), h, shape.ActionSize);
        _bias = graph.Weights("input.bias", Rounded(bias), h);
        foreach (var (block, number) in layout.Blocks.Select((block, number) => (block, number.ToString(CultureInfo.InvariantCulture))))
        {
            _blocks.Add(new Block(
                Named(block.NormWeight), Named(block.NormBias), Named(block.ExpandWeight), Named(block.ExpandBias), Named(block.ContractWeight), Named(block.ContractBias)));
        }

        // The outputs are summed: of their weights only the sum of each column counts, of their biases the sum.
        float[] output = Values(layout.OutputWeight);
        _outputColumn = graph.Weights("output.weight", Enumerable.Range(0, h).Select(column => (float)Enumerable.Range(0, shape.ActionSize).Sum(row => (double)output[(row * h) + column])).ToArray(), 1, h);

        string Named(ParameterSlice slice) => graph.Weights(slice.Name, Values(slice), [.. slice.Dimensions]);
    }

    /// <summary>What the state adds before the first block, and all biases [n×H].</summary>
    /// <param name="states">s [n×S].</param>
    public string States(string states) => _graph.Linear(states, _stateWeight!, _bias);

    /// <summary>What a time adds before the first block, worked out now [1×H].</summary>
    /// <param name="time">t.</param>
    public string Time(float time)
    {
        var (layout, size) = (_weights.Layout, BdmShape.TimeFeatures);
        float[] frequencies = Values(layout.Frequencies), weight = Values(layout.ConditionWeight), bias = Values(layout.ConditionBias);
        double[] features = [.. frequencies.Select(w => Math.Sin(2 * Math.PI * w * time)), .. frequencies.Select(w => Math.Cos(2 * Math.PI * w * time))];
        var embedded = new double[size];
        for (int i = 0; i < size; i++)
        {
            double sum = bias[i];
            for (int j = 0; j < size; j++)
                sum += weight[(i * size) + j] * features[j];
            embedded[i] = sum / (1 + Math.Exp(-sum));
        }

        var added = new float[layout.Shape.Width];
        for (int i = 0; i < added.Length; i++)
        {
            double sum = _embeddingBias[i];
            for (int j = 0; j < size; j++)
                sum += _embeddingWeight[(i * size) + j] * embedded[j];
            added[i] = (float)sum;
        }

        return _graph.Weights($"input.time.{_times++.ToString(CultureInfo.InvariantCulture)}", added, 1, added.Length);
    }

    /// <summary>What times add before the first block, worked out by the graph [n×H]; hundreds of radians want doubles.</summary>
    /// <param name="times">t [n×1].</param>
    public string Times(string times)
    {
        var layout = _weights.Layout;
        double[] turns = [.. Values(layout.Frequencies).Select(w => 2 * Math.PI * w)];
        string wide = _graph.Add("Cast", [times], OnnxGraph.Told("to", (long)Onnx.TensorProto.Types.DataType.Double));
        string angles = _graph.Sum(
            _graph.Product(wide, _graph.Weights("embedding.turns", [.. turns, .. turns], 1, BdmShape.TimeFeatures)),
            // cos x = sin(x + π/2)
            _graph.Weights("embedding.phases", [.. turns.Select(_ => 0.0), .. turns.Select(_ => Math.PI / 2)], 1, BdmShape.TimeFeatures));
        string features = _graph.Add("Cast", [_graph.Add("Sin", [angles])], OnnxGraph.Told("to", (long)Onnx.TensorProto.Types.DataType.Float));
        string embedded = Silu(_graph.Linear(features, _graph.Weights(layout.ConditionWeight.Name, Values(layout.ConditionWeight), [.. layout.ConditionWeight.Dimensions]), _graph.Weights(layout.ConditionBias.Name, Values(layout.ConditionBias), [.. layout.ConditionBias.Dimensions]))).Value;
        int h = layout.Shape.Width;
        return _graph.Linear(embedded, _graph.Weights("input.time.weight", Rounded(_embeddingWeight), h, BdmShape.TimeFeatures), _graph.Weights("input.time.bias", Rounded(_embeddingBias), h));
    }

    /// <summary>f [n×1], and ∂f/∂a [n×A] where it is asked for.</summary>
    /// <param name="actions">a_t [n×A].</param>
    /// <param name="states">What <see cref="States"/> gives for the rows; null of a network without states.</param>
    /// <param name="times">What <see cref="Time"/> or <see cref="Times(string)"/> gives.</param>
    /// <param name="density">Whether f is wanted.</param>
    /// <param name="gradient">Whether the gradient is.</param>
    public (string? Density, string? Gradient) Evaluate(string actions, string? states, string times, bool density, bool gradient)
    {
        string x = _graph.Sum(_graph.Linear(actions, _actionWeight), _graph.Sum(states ?? _bias, times));
        var passed = new Stack<(Block Block, string Centred, string Inverse, Activation Hidden)>();
        foreach (var block in _blocks)
        {
            string difference = _graph.Difference(x, _graph.RowMean(x));
            string variance = _graph.RowMean(_graph.Product(difference, difference));
            string inverse = _graph.Add("Reciprocal", [_graph.Add("Sqrt", [_graph.Sum(variance, _graph.Number(NormEpsilon))])]);
            string centred = _graph.Product(difference, inverse);
            var hidden = Silu(_graph.Linear(_graph.Sum(_graph.Product(centred, block.NormWeight), block.NormBias), block.ExpandWeight, block.ExpandBias));
            x = _graph.Sum(x, _graph.Linear(hidden.Value, block.ContractWeight, block.ContractBias));
            passed.Push((block, centred, inverse, hidden));
        }

        var last = Silu(x);
        string? f = density ? _graph.Sum(_graph.Linear(last.Value, _outputColumn), _graph.Number((float)Values(_weights.Layout.OutputBias).Sum(value => (double)value))) : null;
        if (!gradient)
            return (f, null);
        string g = _graph.Product(last.Slope(_graph), _outputColumn);
        while (passed.TryPop(out var at))
        {
            string hidden = _graph.Product(_graph.Back(g, at.Block.ContractWeight), at.Hidden.Slope(_graph));
            string normal = _graph.Product(_graph.Back(hidden, at.Block.ExpandWeight), at.Block.NormWeight);
            string along = _graph.Product(at.Centred, _graph.RowMean(_graph.Product(normal, at.Centred)));
            g = _graph.Sum(g, _graph.Product(at.Inverse, _graph.Difference(_graph.Difference(normal, _graph.RowMean(normal)), along)));
        }

        return (f, _graph.Back(g, _actionWeight));
    }

    private static void Accumulate(double[] sum, IReadOnlyList<float> values)
    {
        for (int i = 0; i < sum.Length; i++)
            sum[i] += values[i];
    }

    private static void Accumulate(double[] sum, double[] values)
    {
        for (int i = 0; i < sum.Length; i++)
            sum[i] += values[i];
    }

    // Columns first … first+count of the left matrix [rows×rows] times the right one [count×columns].
    private static double[] Times(float[] left, int rows, int first, int count, float[] right, int columns)
    {
        var product = new double[rows * columns];
        for (int i = 0; i < rows; i++)
        {
            for (int k = 0; k < count; k++)
            {
                double factor = left[(i * rows) + first + k];
                for (int j = 0; j < columns; j++)
                    product[(i * columns) + j] += factor * right[(k * columns) + j];
            }
        }

        return product;
    }

    private static float[] Rounded(double[] values) => [.. values.Select(value => (float)value)];

    private float[] Values(ParameterSlice slice) => _weights.Parameters.AsSpan(slice.Offset, slice.Length).ToArray();

    private Activation Silu(string x)
    {
        string gate = _graph.Add("Sigmoid", [x]);
        return new(gate, _graph.Product(x, gate));
    }

    private sealed record Block(string NormWeight, string NormBias, string ExpandWeight, string ExpandBias, string ContractWeight, string ContractBias);

    /// <summary>SiLU: its gate σ(x) and its value x σ(x).</summary>
    private sealed record Activation(string Gate, string Value)
    {
        /// <summary>Its derivative, σ + xσ (1 − σ).</summary>
        public string Slope(OnnxGraph graph) => graph.Sum(Gate, graph.Difference(Value, graph.Product(Value, Gate)));
    }
}

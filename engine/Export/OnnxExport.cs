using System.Globalization;
using EDA.Engine.Checkpoints;
using EDA.Engine.Diffusion;
using EDA.Kernels;

namespace EDA.Engine.Export;

/// <summary>
/// A policy, its log-density and its score as ONNX models, for any program that runs those. All arrays are float32, without units but
/// where the environment's description gives some; actions are as the environment takes them, cut off at ±1.
/// </summary>
public static class OnnxExport
{
    private const string Rows = "n";

    /// <summary>
    /// The policy: <c>states</c> [n×S] and <c>noise</c> [n×K×A], N(0, 1), to <c>actions</c> [n×A]. The solver's evaluations are
    /// unrolled; of K candidates the one of highest min(Q̄₁, Q̄₂) is given, the first of several. Without states the input is the
    /// noise alone.
    /// </summary>
    /// <param name="weights">f_θ.</param>
    /// <param name="solver">The solver's coefficients.</param>
    /// <param name="candidates">K, at least 1.</param>
    /// <param name="critic">What candidates are chosen by; null of one.</param>
    /// <param name="clipsActions">Whether the critic rates actions as they are played.</param>
    /// <param name="provenance">Where it comes from, by key.</param>
    /// <returns>The bytes of the file.</returns>
    /// <exception cref="ArgumentException">There are several candidates and nothing to choose by, or the sizes of critic and policy differ.</exception>
    public static byte[] Policy(BdmWeights weights, SolverTable solver, int candidates, CriticWeights? critic, bool clipsActions, IEnumerable<KeyValuePair<string, string>> provenance)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(candidates, 1);
        var shape = weights.Layout.Shape;
        if ((candidates > 1) != critic is not null)
            throw new ArgumentException($"{candidates} candidates and {(critic is null ? "no" : "a")} critic", nameof(critic));
        if (critic is not null && (critic.Layout.Shape.StateSize, critic.Layout.Shape.ActionSize) != (shape.StateSize, shape.ActionSize))
            throw new ArgumentException("a critic of other sizes than the policy", nameof(critic));
        var graph = new OnnxGraph("policy");
        string? states = shape.StateSize == 0 ? null : graph.Input("states", "s, as the dataset has it, not normalised", Rows, shape.StateSize);
        string noise = graph.Input("noise", "where the solver starts, N(0, 1)", Rows, candidates, shape.ActionSize);
        var network = new BdmGraph(graph, weights);
        string x = graph.Reshaped(noise, graph.Integers("rows_of_actions", -1, shape.ActionSize));
        string? repeated = states is null || candidates == 1 ? states : Repeat(graph, states, candidates, shape.StateSize);
        string samples = Solve(graph, network, solver, x, repeated is null ? null : network.States(repeated));
        string played = critic is null ? samples : Best(graph, critic, repeated!, samples, candidates, clipsActions);
        graph.Output(Clipped(graph, played), "actions", "a, in [-1, 1]", Rows, shape.ActionSize);
        return graph.ToModel(Words($"actions of the policy: {solver.Evaluations.Length} evaluations of the score by DPM-Solver++, {(candidates == 1 ? "one sample" : $"the best of {candidates} samples by min(Q̄₁, Q̄₂)")} for each state"), provenance);
    }

    /// <summary>The log-density, up to a constant of s and t: <c>actions</c> [n×A], <c>times</c> [n×1], <c>states</c> [n×S] to <c>density</c> [n×1], nats.</summary>
    /// <param name="weights">f.</param>
    /// <param name="provenance">Where it comes from, by key.</param>
    /// <returns>The bytes of the file.</returns>
    public static byte[] Density(BdmWeights weights, IEnumerable<KeyValuePair<string, string>> provenance) => Point(weights, "density", provenance, (graph, network, inputs) =>
        graph.Output(network.Evaluate(inputs.Actions, inputs.States, inputs.Times, density: true, gradient: false).Density!, "density", "f(a_t | s, t), the log-density up to a constant of s and t, nats", Rows, 1));

    /// <summary>The score: the same inputs to <c>score</c> [n×A], ∇f at the diffused action. The predicted noise is −σ_t times it.</summary>
    /// <param name="weights">f.</param>
    /// <param name="provenance">Where it comes from, by key.</param>
    /// <returns>The bytes of the file.</returns>
    public static byte[] Score(BdmWeights weights, IEnumerable<KeyValuePair<string, string>> provenance) => Point(weights, "score", provenance, (graph, network, inputs) =>
        graph.Output(network.Evaluate(inputs.Actions, inputs.States, inputs.Times, density: false, gradient: true).Gradient!, "score", "∇f(a_t | s, t), nats per unit of action; the predicted noise is −σ_t times it", Rows, weights.Layout.Shape.ActionSize));

    private static byte[] Point(BdmWeights weights, string name, IEnumerable<KeyValuePair<string, string>> provenance, Action<OnnxGraph, BdmGraph, (string Actions, string? States, string Times)> add)
    {
        var shape = weights.Layout.Shape;
        var graph = new OnnxGraph(name);
        string actions = graph.Input("actions", "a_t, diffused", Rows, shape.ActionSize);
        string times = graph.Input("times", Words($"t, from {NoiseSchedule.Published.Variance.TimeMin} to 1"), Rows, 1);
        string? states = shape.StateSize == 0 ? null : graph.Input("states", "s, as the dataset has it, not normalised", Rows, shape.StateSize);
        var network = new BdmGraph(graph, weights);
        add(graph, network, (actions, states is null ? null : network.States(states), network.Times(times)));
        return graph.ToModel($"{name} of a bottleneck diffusion model", provenance);
    }

    // As SolverEvaluation has it: with x̂ = (x − σ ε̂) / α = (x + σ² ∇f) / α, the next point is a weighted sum of anchor and predictions.
    private static string Solve(OnnxGraph graph, BdmGraph network, SolverTable solver, string start, string? states)
    {
        var (x, anchor) = (start, start);
        var predictions = new List<string>();
        foreach (var at in solver.Evaluations)
        {
            string gradient = network.Evaluate(x, states, network.Time(at.Time), density: false, gradient: true).Gradient!;
            predictions.Insert(0, graph.Scaled(graph.Sum(x, graph.Scaled(gradient, at.Sigma * at.Sigma)), 1 / at.Alpha));
            string next = graph.Scaled(anchor, at.AnchorWeight);
            foreach (var (weight, prediction) in ((float[])[at.Weight0, at.Weight1, at.Weight2]).Zip(predictions).Where(pair => pair.First != 0))
                next = graph.Sum(next, graph.Scaled(prediction, weight));
            x = next;
            if (at.MovesAnchor)
                anchor = next;
        }

        return x;
    }

    // Every state K times, one below the other [nK×S].
    private static string Repeat(OnnxGraph graph, string states, int count, int size)
    {
        string stood = graph.Reshaped(states, graph.Integers("states_one_by_one", -1, 1, size));
        return graph.Reshaped(graph.Add("Tile", [stood, graph.Integers("times_of_a_state", 1, count, 1)]), graph.Integers("rows_of_states", -1, size));
    }

    private static string Best(OnnxGraph graph, CriticWeights critic, string states, string samples, int candidates, bool clipsActions)
    {
        int size = critic.Layout.Shape.ActionSize;
        string input = graph.Add("Concat", [clipsActions ? Clipped(graph, samples) : samples, states], OnnxGraph.Told("axis", 1));
        string[] twins = [.. critic.Layout.Twin.Networks.Select(network => Forward(graph, critic, network, input))];
        string q = graph.Reshaped(graph.Add("Min", twins), graph.Integers("rows_of_values", -1, candidates));
        string best = graph.Add("ArgMax", [q], OnnxGraph.Told("axis", 1), OnnxGraph.Told("keepdims", 1)); // [n×1], the first of several
        string index = graph.Add("Expand", [graph.Add("Unsqueeze", [best, graph.Integers("last_axis", 2)]), graph.Integers("an_actions_shape", 1, 1, size)]);
        string all = graph.Reshaped(samples, graph.Integers("candidates_of_states", -1, candidates, size));
        return graph.Reshaped(graph.Add("GatherElements", [all, index], OnnxGraph.Told("axis", 1)), graph.Integers("rows_of_actions", -1, size));
    }

    private static string Forward(OnnxGraph graph, CriticWeights critic, MlpLayout.Network network, string input)
    {
        string x = input;
        for (int layer = 0; layer < network.Layers.Count; layer++)
        {
            var (weight, bias) = network.Layers[layer];
            x = graph.Linear(layer == 0 ? x : graph.Add("Relu", [x]), Named(weight), Named(bias));
        }

        return x;

        string Named(ParameterSlice slice) => graph.Weights("q0_target." + slice.Name, critic.Target.AsSpan(slice.Offset, slice.Length), [.. slice.Dimensions]);
    }

    private static string Clipped(OnnxGraph graph, string actions) => graph.Add("Clip", [actions, graph.Scalar(-1), graph.Scalar(1)]);

    private static string Words(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

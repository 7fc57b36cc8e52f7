using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Diffusion;
using EDA.Engine.Export;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace EDA.Tests.Engine.Export;

/// <summary>Exported models, run by ONNX Runtime, give what the engine gives.</summary>
public sealed class OnnxExportTests : IDisposable
{
    private const int Rows = 37;
    private const double Bound = 1e-4;

    private static readonly Dictionary<string, string> Provenance = new() { ["eda.version"] = "a test" };

    // An untrained network leads nowhere from t = 1, where α is nearly 0: only the last steps are taken, from near the action space.
    private static readonly SolverTable Solver = new([.. DpmSolver.Published.Evaluations.TakeLast(5)]);

    private readonly CpuDevice _device = new();

    public void Dispose() => _device.Dispose();

    [Theory]
    [InlineData(11, 3, 64, 2)]
    [InlineData(17, 6, 256, 3)]
    [InlineData(0, 2, 64, 3)]
    public void Density_and_score_are_the_engines(int stateSize, int actionSize, int width, int blocks)
    {
        using var model = BottleneckDiffusionModel.Create(_device, new BdmShape(stateSize, actionSize, width, blocks), seed: 3);
        var weights = model.ToWeights();
        float[] actions = Normals(Rows * actionSize, 1), states = Normals(Rows * stateSize, 2);
        float[] times = [.. Enumerable.Range(0, Rows).Select(row => 0.001f + (0.999f * row / (Rows - 1)))];
        var inputs = Inputs(("actions", actions, [Rows, actionSize]), ("times", times, [Rows, 1]), ("states", states, [Rows, stateSize]));
        float[] density = Run(OnnxExport.Density(weights, Provenance), inputs, "density");
        float[] score = Run(OnnxExport.Score(weights, Provenance), inputs, "score");
        Near(model.Density(actions, times, states), density);
        float[] noise = model.Score(actions, times, states);
        Near([.. noise.Select((value, i) => -value / (float)NoiseSchedule.Published.Variance.Sigma(times[i / actionSize]))], score);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(4, false)]
    [InlineData(4, true)]
    public void The_policy_takes_the_engines_actions(int candidates, bool clipsActions)
    {
        var shape = new BdmShape(11, 3, 128, 3);
        using var model = BottleneckDiffusionModel.Create(_device, shape, seed: 5);
        using var critic = Critic.Create(_device, new CriticShape(11, 3, 64), seed: 6);
        critic.ClipsActions = clipsActions;
        float[] states = Normals(Rows * 11, 3), noise = [.. Normals(Rows * candidates * 3, 4).Select(value => 0.3f * value)];
        byte[] onnx = OnnxExport.Policy(model.ToWeights(), Solver, candidates, candidates > 1 ? critic.ToWeights() : null, clipsActions, Provenance);
        float[] actions = Run(onnx, Inputs(("states", states, [Rows, 11]), ("noise", noise, [Rows, candidates, 3])), "actions");

        float[] samples = Samples(model, states, noise, candidates);
        float[] expected = candidates == 1 ? samples : Best(samples, critic.Labels(states, samples, candidates), candidates);
        Near([.. expected.Select(value => Math.Clamp(value, -1, 1))], actions);
    }

    [Fact]
    public void A_bandits_policy_has_noise_alone_for_its_input()
    {
        using var model = BottleneckDiffusionModel.Create(_device, new BdmShape(0, 2, 64, 2), seed: 7);
        float[] noise = [.. Normals(Rows * 2, 5).Select(value => 0.3f * value)];
        byte[] onnx = OnnxExport.Policy(model.ToWeights(), Solver, 1, null, clipsActions: false, Provenance);
        using var session = new InferenceSession(onnx);
        Assert.Equal(["noise"], session.InputMetadata.Keys);
        Assert.Equal("a test", session.ModelMetadata.CustomMetadataMap["eda.version"]);
        Near([.. Samples(model, [], noise, 1).Select(value => Math.Clamp(value, -1, 1))], Run(onnx, Inputs(("noise", noise, [Rows, 1, 2])), "actions"));
    }

    private float[] Samples(BottleneckDiffusionModel model, float[] states, float[] noise, int candidates)
    {
        using DeviceArray<float> start = _device.Upload<float>(noise), actions = _device.Allocate<float>(noise.Length);
        using var given = states.Length == 0 ? null : _device.Upload<float>(states);
        int count = model.Shape.StateSize == 0 ? 1 : Rows;
        model.Operations.Sample(new()
        {
            Parameters = model.Parameters,
            States = given,
            StateCount = count,
            CandidateCount = Rows * candidates / count,
            Table = Solver,
            Draw = default,
            Start = start,
            Actions = actions,
        });
        return actions.ToArray();
    }

    private static float[] Best(float[] samples, float[] values, int candidates) =>
        [.. values.Chunk(candidates).SelectMany((of, row) => samples.AsSpan(((row * candidates) + Array.IndexOf(of, of.Max())) * 3, 3).ToArray())];

    private static void Near(float[] expected, float[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        double scale = expected.Max(value => Math.Abs((double)value));
        Assert.All(expected.Zip(found), pair => Assert.InRange(Math.Abs(pair.First - (double)pair.Second), 0, Bound * Math.Max(1, scale)));
        Assert.True(expected.Distinct().Count() > expected.Length / 3, "the reference is all the same");
    }

    private static float[] Run(byte[] model, IReadOnlyCollection<NamedOnnxValue> inputs, string output)
    {
        using var session = new InferenceSession(model);
        using var results = session.Run(inputs);
        return [.. results.Single(result => result.Name == output).AsTensor<float>()];
    }

    private static List<NamedOnnxValue> Inputs(params (string Name, float[] Values, int[] Sizes)[] inputs) =>
        [.. inputs.Where(input => input.Values.Length > 0).Select(input => NamedOnnxValue.CreateFromTensor(input.Name, new DenseTensor<float>(input.Values, input.Sizes)))];

    private static float[] Normals(int count, uint seed)
    {
        var draw = new RandomDraw(seed, RandomStage.Sampling, 0);
        return [.. Enumerable.Range(0, count).Select(i => Philox.Normal(draw, RandomPurpose.SolverStart, (ulong)i))];
    }
}

using EDA.Engine.Alignment;
using EDA.Engine.Baselines;
using EDA.Engine.Baselines.Qgpo;
using EDA.Engine.Checkpoints;
using EDA.Engine.Diffusion;
using EDA.Engine.Evaluation;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Tests.Golden;
using EDA.Tests.Twin;
using static EDA.Tests.Twin.Matrices;
using IActor = EDA.Engine.Environments.IActor;

namespace EDA.Tests.Engine.Baselines;

/// <summary>Contrastive energy prediction against float64, and what is sampled with its guidance.</summary>
public sealed class QgpoTests : IDisposable
{
    private const int StateSize = 3, ActionSize = 2, Count = 12, Candidates = 4;

    private static readonly RandomDraw _draw = new(9, RandomStage.Method, 0);
    private static readonly QgpoSettings _settings = new() { Width = 32, States = 5, Candidates = Candidates, Steps = 3, LearningRate = 1e-3 };
    private static readonly BdmShape _shape = new(StateSize, ActionSize, 32, 1);

    private readonly CpuDevice _device = new(new CpuOptions(CpuOptions.BestSimd, 1));
    private readonly string _folder = Directory.CreateTempSubdirectory("eda-qgpo-").FullName;
    private readonly float[] _states = Normals(0, Count * StateSize), _candidates = Normals(1, Count * Candidates * ActionSize), _labels = Normals(2, Count * Candidates);

    public void Dispose()
    {
        _device.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void The_perceptrons_loss_and_gradients_are_float64s()
    {
        using var batches = Batches();
        using var learning = new MlpGuidanceLearning(_settings, batches, _device, 7);
        float[] time = learning.Trained[0].Values.ToArray(), main = learning.Trained[1].Values.ToArray(), measured = new float[1];
        var (states, candidates, labels, times, noise) = Drawn();
        learning.Step(_draw, 0, measured);

        var shapes = new GuidanceShapes(StateSize, ActionSize, _settings.Width);
        TwinMlp timeTwin = new(shapes.Time, time), mainTwin = new(shapes.Main, main);
        float[] frequencies = learning.Constants.Single().Values;
        double[] features = [.. times.SelectMany(t => frequencies.Select(w => Math.Sin(2 * Math.PI * w * t)).Concat(frequencies.Select(w => Math.Cos(2 * Math.PI * w * t))))];
        var embedding = timeTwin.Forward("time", Variable.Leaf(times.Length, 2 * frequencies.Length, features));
        var g = mainTwin.Forward("guidance", Concatenate(Variable.Leaf(candidates.Length / ActionSize, ActionSize, Diffused(candidates, noise, times)), Repeat(embedding), Repeat(Variable.Leaf(times.Length, StateSize, states))));
        var loss = Loss(Reshape(g, times.Length, Candidates), labels);

        Deviation.AssertClose(loss.Values[0], measured[0], 1e-5, "loss");
        Deviation.AssertGradient(shapes.Time.Slices, timeTwin.Gradient(loss), learning.Trained[0].Gradient.ToArray(), 1e-4, "time");
        Deviation.AssertGradient(shapes.Main.Slices, mainTwin.Gradient(loss), learning.Trained[1].Gradient.ToArray(), 1e-4, "guidance");
    }

    [Fact]
    public void With_a_diffusion_network_the_loss_is_alignments_with_a_behavior_of_nothing()
    {
        using var batches = Batches();
        using var learning = new BdmGuidanceLearning(_settings, _shape, batches, _device, 7);
        float[] parameters = learning.Trained[0].Values.ToArray(), measured = new float[1];
        var (states, candidates, labels, times, noise) = Drawn();
        learning.Step(_draw, 0, measured);

        // log softmax of g alone, not of a gap.
        var twin = new TwinNetwork(_shape, parameters);
        float[] repeatedTimes = [.. times.SelectMany(t => Enumerable.Repeat(t, Candidates))];
        float[] repeatedStates = [.. states.Chunk(StateSize).SelectMany(state => Enumerable.Repeat(state, Candidates)).SelectMany(state => state)];
        var g = twin.Density(Variable.Leaf(candidates.Length / ActionSize, ActionSize, Diffused(candidates, noise, times)), repeatedTimes, repeatedStates);
        var loss = Loss(Reshape(g, times.Length, Candidates), labels);
        Deviation.AssertClose(loss.Values[0], measured[0], 1e-5, "loss");
        Deviation.AssertGradient(new BdmLayout(_shape), twin.Gradient(loss), learning.Trained[0].Gradient.ToArray(), 1e-4, "guidance");
    }

    [Fact]
    public void The_predicted_noise_is_that_of_the_perceptrons_slope()
    {
        using var batches = Batches();
        using var learning = new MlpGuidanceLearning(_settings, batches, _device, 7);
        var shapes = new GuidanceShapes(StateSize, ActionSize, _settings.Width);
        using var guidance = new MlpGuidance(_device, shapes, Saved(learning));
        var at = DpmSolver.Published.Evaluations[9];
        float[] actions = _candidates[..ActionSize], state = _states[..StateSize];
        var noise = new float[ActionSize];
        using DeviceArray<float> deviceActions = _device.Upload<float>(actions), deviceStates = _device.Upload<float>(state), times = _device.Upload<float>([at.Time]);
        guidance.PredictNoise(new() { Parameters = times, Actions = deviceActions, Times = times, States = deviceStates, Rows = 1, Output = times }, at, noise);
        for (int i = 0; i < ActionSize; i++)
        {
            const double Step = 1e-4;
            double slope = (G(i, Step) - G(i, -Step)) / (2 * Step);
            Assert.Equal(-at.Sigma * slope, noise[i], 1e-4 * Math.Max(1, Math.Abs(slope)));
        }

        double G(int variable, double step)
        {
            TwinMlp timeTwin = new(shapes.Time, learning.Trained[0].Values.ToArray()), mainTwin = new(shapes.Main, learning.Trained[1].Values.ToArray());
            float[] frequencies = learning.Constants.Single().Values;
            double[] features = [.. frequencies.Select(w => Math.Sin(2 * Math.PI * w * at.Time)), .. frequencies.Select(w => Math.Cos(2 * Math.PI * w * at.Time))];
            double[] moved = Deviation.Widen(actions);
            moved[variable] += step;
            return mainTwin.Forward("guidance", Concatenate(Variable.Leaf(1, ActionSize, moved), timeTwin.Forward("time", Variable.Leaf(1, features.Length, features)), Variable.Leaf(1, StateSize, state))).Values[0];
        }
    }

    [Fact]
    public void Guided_samples_are_the_solvers()
    {
        using var batches = Batches();
        using var learning = new BdmGuidanceLearning(_settings, _shape, batches, _device, 7);
        using var guidance = new BdmGuidance(_device, _shape, Saved(learning));
        using var behavior = BottleneckDiffusionModel.Create(_device, _shape, 3);
        using var nothing = BottleneckDiffusionModel.Create(_device, _shape, 3);
        nothing.SetParameters(new float[nothing.Layout.Length]);
        using var alone = BottleneckDiffusionModel.Create(_device, _shape, 3);
        alone.SetParameters(learning.Trained[0].Values.ToArray());

        // Without weight it is the behavior's; guided from a behavior of nothing it is the guidance's own.
        Same(new GuidedActor(behavior, guidance, 0, 5, DpmSolver.Published), behavior);
        Same(new GuidedActor(nothing, guidance, 1, 5, DpmSolver.Published), alone);

        void Same(GuidedActor guided, BottleneckDiffusionModel model)
        {
            using var one = guided;
            using var other = DiffusionActor.Sampling(model, 5);
            Deviation.AssertClose(Deviation.Widen(Actions(other)), Actions(one), 1e-4, "actions");
        }

        float[] Actions(IActor actor)
        {
            var actions = new float[3 * ActionSize];
            actor.Act(4, [0, 2, 3], _states.AsSpan(0, 3 * StateSize), actions);
            return actions;
        }
    }

    private static float[] Normals(uint step, int count) => [.. Enumerable.Range(0, count).Select(i => Philox.Normal(new RandomDraw(1, RandomStage.Data, step), RandomPurpose.DataNoise, (ulong)i))];

    private AlignmentBatches Batches() => AlignmentBatches.OfArrays(_device, _candidates, _labels, ActionSize, Candidates, _states, StateSize);

    private MethodWeights Saved(MethodLearning learning)
    {
        string path = Path.Combine(_folder, "guidance.safetensors");
        Safetensors.Write(path, [.. learning.Trained.SelectMany(trained => trained.Slices.Select(slice => new NamedTensor(slice.Name, slice.Dimensions, trained.Values.ToArray()[slice.Offset..(slice.Offset + slice.Length)]))), .. learning.Constants]);
        return new MethodWeights(path);
    }

    // What a step draws: rows with replacement, a time for each state, noise for each candidate.
    private (float[] States, float[] Candidates, float[] Labels, float[] Times, float[] Noise) Drawn()
    {
        int[] rows = [.. Enumerable.Range(0, _settings.States).Select(i => Philox.Index(Philox.Word(_draw, RandomPurpose.BatchIndex, (ulong)i), Count))];
        return (
            [.. rows.SelectMany(row => _states.Skip(row * StateSize).Take(StateSize))],
            [.. rows.SelectMany(row => _candidates.Skip(row * Candidates * ActionSize).Take(Candidates * ActionSize))],
            [.. rows.SelectMany(row => _labels.Skip(row * Candidates).Take(Candidates))],
            [.. rows.Select((_, i) => VarianceSchedule.Published.Time(Philox.Uniform(Philox.Word(_draw, RandomPurpose.DiffusionTime, (ulong)i))))],
            [.. Enumerable.Range(0, rows.Length * Candidates * ActionSize).Select(i => Philox.Normal(_draw, RandomPurpose.Noise, (ulong)i))]);
    }

    private static double[] Diffused(float[] candidates, float[] noise, float[] times)
    {
        var schedule = VarianceSchedule.Published;
        return [.. candidates.Select((a, i) => (schedule.Alpha(times[i / ActionSize / Candidates]) * a) + (schedule.Sigma(times[i / ActionSize / Candidates]) * noise[i]))];
    }

    // Each row K times: [b×n] → [b·K×n].
    private static Variable Repeat(Variable rows) => Reshape(Concatenate([.. Enumerable.Repeat(rows, Candidates)]), rows.Rows * Candidates, rows.Columns);

    private static Variable Loss(Variable g, float[] labels) => TwinObjective.Loss(new(AlignmentLoss.Value, 1, (float)_settings.LabelScale), g, labels);
}

using EDA.Engine.Diffusion;
using EDA.Kernels;

namespace EDA.Bench.Verification;

/// <summary>
/// A case on a device: weights and inputs that every device gets alike, each operation a call that gives plain arrays
/// back. Outputs start as NaN, so that what an operation forgets to write shows.
/// </summary>
internal sealed class VerificationRun : IDisposable
{
    private const float DropoutRate = 0.1f;

    private readonly IDevice _device;
    private readonly VerificationCase _case;
    private readonly IBdmOperations _operations;
    private readonly List<IDisposable> _owned = [];
    private readonly DeviceArray<float> _behavior;
    private readonly DeviceArray<float> _policy;
    private readonly DeviceArray<float> _actions;
    private readonly DeviceArray<float> _times;
    private readonly DeviceArray<float>? _states;
    private readonly DeviceArray<float> _candidates;
    private readonly DeviceArray<float> _labels;
    private readonly DeviceArray<float> _loss;
    private readonly DeviceArray<float> _gradient;

    public VerificationRun(IDevice device, VerificationCase problem)
    {
        (_device, _case) = (device, problem);
        var shape = problem.Shape;
        _operations = device.CreateBdm(shape, VarianceSchedule.Published);
        _owned.Add(_operations);
        var random = new Random(1);
        float[] behavior = new float[Layout.Length], policy = new float[Layout.Length];
        foreach (var slice in Layout.Slices)
        {
            for (int i = slice.Offset; i < slice.Offset + slice.Length; i++)
            {
                behavior[i] = VerificationWeights.Bdm(slice, () => Uniform(random));
                policy[i] = slice == Layout.Frequencies ? behavior[i] : behavior[i] + (0.3f * VerificationWeights.Bdm(slice, () => Uniform(random)) * (slice.Dimensions.Count > 1 ? 1 : 0.3f));
            }
        }

        int rows = Math.Max(problem.Rows, problem.States * problem.Candidates);
        _behavior = Upload(behavior);
        _policy = Upload(policy);
        _actions = Upload(Values(problem.Rows * shape.ActionSize, () => Uniform(random)));
        _times = Upload(Values(rows, () => 0.001f + (0.999f * (float)random.NextDouble())));
        _states = shape.StateSize > 0 ? Upload(Values(rows * shape.StateSize, () => 1.5f * Uniform(random))) : null;
        _candidates = Upload(Values(problem.States * problem.Candidates * shape.ActionSize, () => Uniform(random)));
        _labels = Upload(Values(problem.States * problem.Candidates, () => 1.5f * Uniform(random)));
        _loss = Upload([float.NaN]);
        _gradient = Upload(Values(Layout.Length, () => float.NaN));
    }

    private BdmLayout Layout => _operations.Layout;

    public float[] Density() => Filled(_case.Rows, output => _operations.Density(new()
    {
        Parameters = _behavior,
        Actions = _actions,
        Times = _times,
        States = _states,
        Rows = _case.Rows,
        Output = output,
    }));

    public float[] Score() => Filled(_case.Rows * _case.Shape.ActionSize, output => _operations.Score(new()
    {
        Parameters = _behavior,
        Actions = _actions,
        Times = _times,
        States = _states,
        Rows = _case.Rows,
        Output = output,
    }));

    public float[] Gaps() => Filled(
        _case.States * _case.Candidates,
        output => _operations.Gaps(new()
        {
            Policy = _policy,
            Behavior = _behavior,
            Batch = new()
            {
                Candidates = _candidates,
                States = _states,
                StateCount = _case.States,
                CandidateCount = _case.Candidates,
                Draws = new(new RandomDraw(2, RandomStage.Alignment, 5)),
            },
            Gaps = output,
        }));

    /// <summary>Loss and gradient of Eq. 10, the loss last.</summary>
    public float[] Denoising(bool dropout, uint step = 3)
    {
        _operations.DenoisingStep(new()
        {
            Parameters = _behavior,
            Actions = _actions,
            States = _states,
            Rows = _case.Rows,
            Draws = new(new RandomDraw(2, RandomStage.Behavior, step), dropout ? DropoutRate : 0),
            Gradient = _gradient,
            Loss = _loss,
        });
        return LossAndGradient();
    }

    /// <summary>Loss and gradient of Eq. 14 or 15, the loss last.</summary>
    public float[] Alignment(AlignmentLoss kind, uint step = 4)
    {
        _operations.AlignmentStep(new()
        {
            Policy = _policy,
            Behavior = _behavior,
            Batch = new()
            {
                Candidates = _candidates,
                States = _states,
                StateCount = _case.States,
                CandidateCount = _case.Candidates,
                Draws = new(new RandomDraw(2, RandomStage.Alignment, step)),
            },
            Labels = _labels,
            Objective = new(kind, 0.7f, 3),
            Gradient = _gradient,
            Loss = _loss,
        });
        return LossAndGradient();
    }

    /// <summary>Eq. 10 with NaN for a hidden weight: whether the loss is a number all the same.</summary>
    public int DenoisingHidesNaN()
    {
        using var weights = Poisoned(_behavior);
        _loss.CopyFrom([0f]);
        _operations.DenoisingStep(new()
        {
            Parameters = weights,
            Actions = _actions,
            States = _states,
            Rows = _case.Rows,
            Draws = new(new RandomDraw(2, RandomStage.Behavior, 3)),
            Gradient = _gradient,
            Loss = _loss,
        });
        return NumbersIn(_loss);
    }

    /// <summary>Eq. 14 or 15 with NaN for a hidden weight of the policy, then of the behavior, then for a label: how many losses are numbers all the same.</summary>
    public int AlignmentHidesNaN(AlignmentLoss kind)
    {
        using DeviceArray<float> policy = Poisoned(_policy), behavior = Poisoned(_behavior);
        float[] poisoned = _labels.ToArray();
        poisoned[^1] = float.NaN;
        using var labels = _device.Upload<float>(poisoned);
        return Hides(policy, _behavior, _labels) + Hides(_policy, behavior, _labels) + Hides(_policy, _behavior, labels);

        int Hides(DeviceArray<float> policy, DeviceArray<float> behavior, DeviceArray<float> labels)
        {
            _loss.CopyFrom([0f]);
            _operations.AlignmentStep(new()
            {
                Policy = policy,
                Behavior = behavior,
                Batch = new()
                {
                    Candidates = _candidates,
                    States = _states,
                    StateCount = _case.States,
                    CandidateCount = _case.Candidates,
                    Draws = new(new RandomDraw(2, RandomStage.Alignment, 4)),
                },
                Labels = labels,
                Objective = new(kind, 0.7f, 3),
                Gradient = _gradient,
                Loss = _loss,
            });
            return NumbersIn(_loss);
        }
    }

    public float[] Sample() => Filled(
        _case.States * _case.Candidates * _case.Shape.ActionSize,
        output => _operations.Sample(new()
        {
            Parameters = _behavior,
            States = _states,
            StateCount = _case.States,
            CandidateCount = _case.Candidates,
            Table = DpmSolver.Published,
            Draw = new(2, RandomStage.Evaluation, 0),
            Actions = output,
        }));

    /// <summary>Batch indices, a gathered batch, normals and clipped actions, one after the other.</summary>
    public float[] Batch()
    {
        int count = _case.Rows, width = _case.Shape.ActionSize;
        using var indices = _device.Allocate<int>(count);
        _device.Vector.FillIndices(new()
        {
            Indices = indices,
            Count = count,
            Upper = count,
            Draw = new(2, RandomStage.Behavior, 9),
            Purpose = RandomPurpose.BatchIndex,
        });
        float[] gathered = Filled(count * width, output => _device.Vector.Gather(new()
        {
            Source = _actions,
            Width = width,
            Indices = indices,
            Count = count,
            Destination = output,
        }));
        float[] normals = Filled(count, output => _device.Vector.FillNormal(new()
        {
            Values = output,
            Count = count,
            Draw = new(2, RandomStage.Behavior, 9),
            Purpose = RandomPurpose.Noise,
        }));
        float[] clipped = Filled(count, output => _device.Vector.Clip(new()
        {
            Source = _actions,
            Count = count,
            Bound = 0.5f,
            Destination = output,
        }));
        return [.. indices.ToArray().Select(index => (float)index), .. gathered, .. normals, .. clipped];
    }

    /// <summary>The parameters after some steps of pretraining with Adam, and their running average, without the fixed frequencies.</summary>
    public (float[] Parameters, float[] Average) Train(int steps)
    {
        using var weights = _device.Upload<float>(_behavior.ToArray());
        using var average = _device.Upload<float>(_behavior.ToArray());
        using var first = _device.Allocate<float>(Layout.Length);
        using var second = _device.Allocate<float>(Layout.Length);
        for (int step = 0; step < steps; step++)
        {
            _operations.DenoisingStep(new()
            {
                Parameters = weights,
                Actions = _actions,
                States = _states,
                Rows = _case.Rows,
                Draws = new(new RandomDraw(2, RandomStage.Behavior, (uint)step), DropoutRate),
                Gradient = _gradient,
                Loss = _loss,
            });
            _device.Vector.Adam(new() { Trained = new(weights, _gradient, first, second), Settings = new(1e-3), Step = step + 1 });
            _device.Vector.PolyakAverage(new() { Target = average, Source = weights, Rate = 0.1f });
        }

        int fixedOnes = Layout.Frequencies.Length;
        return (weights.ToArray()[fixedOnes..], average.ToArray()[fixedOnes..]);
    }

    public void Dispose()
    {
        foreach (var owned in _owned)
            owned.Dispose();
    }

    private static float Uniform(Random random) => (float)((2 * random.NextDouble()) - 1);

    private static float[] Values(int count, Func<float> value)
    {
        var values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = value();
        return values;
    }

    private static int NumbersIn(DeviceArray<float> values) => values.ToArray().Count(value => !float.IsNaN(value));

    private DeviceArray<float> Poisoned(DeviceArray<float> weights)
    {
        float[] values = weights.ToArray();
        values[Layout.Blocks[0].ExpandWeight.Offset + 1] = float.NaN;
        return _device.Upload<float>(values);
    }

    private float[] LossAndGradient() => [.. _gradient.ToArray(), _loss.ToArray()[0]];

    private float[] Filled(int count, Action<DeviceArray<float>> operation)
    {
        using var output = _device.Upload<float>(Values(count, () => float.NaN));
        operation(output);
        _device.Synchronize();
        return output.ToArray();
    }

    private DeviceArray<float> Upload(float[] values)
    {
        var array = _device.Upload<float>(values);
        _owned.Add(array);
        return array;
    }
}

using EDA.Kernels;
using EDA.Tests.Golden;

namespace EDA.Tests.Kernels;

/// <summary>
/// A problem on a device: its inputs uploaded once, each fused operation a call that gives plain arrays back.
/// Outputs start as NaN, so that what an operation forgets to write shows.
/// </summary>
public sealed class BdmRun : IDisposable
{
    private readonly IDevice _device;
    private readonly IBdmOperations _operations;
    private readonly List<IDisposable> _owned = [];
    private readonly DeviceArray<float> _behavior;
    private readonly DeviceArray<float> _policy;
    private readonly DeviceArray<float> _actions;
    private readonly DeviceArray<float> _diffused;
    private readonly DeviceArray<float> _times;
    private readonly DeviceArray<float>? _states;
    private readonly DeviceArray<float> _candidates;
    private readonly DeviceArray<float> _labels;
    private readonly DeviceArray<float>? _gapStates;
    private readonly DeviceArray<float>? _sampleStates;

    public BdmRun(IDevice device, BdmInputs inputs)
    {
        (_device, Inputs) = (device, inputs);
        _operations = Own(device.CreateBdm(inputs.Problem.Shape, VarianceSchedule.Published));
        _behavior = Upload(inputs.Behavior);
        _policy = Upload(inputs.Policy);
        _actions = Upload(inputs.Actions);
        _diffused = Upload(inputs.Diffused);
        _times = Upload(inputs.Times);
        _states = UploadOrNull(inputs.States);
        _candidates = Upload(inputs.Candidates);
        _labels = Upload(inputs.Labels);
        _gapStates = UploadOrNull(inputs.GapStates);
        _sampleStates = UploadOrNull(inputs.SampleStates);
    }

    public BdmInputs Inputs { get; }

    private BdmProblem Problem => Inputs.Problem;

    /// <summary>Times, noise and mask given, nothing drawn.</summary>
    public DenoisingDraws GivenDenoising(bool dropout) => new(
        default,
        dropout ? Problem.DropoutRate : 0,
        _times,
        Upload(Inputs.Noise),
        dropout ? Upload(Inputs.Mask) : null);

    /// <summary>Times and noise given, nothing drawn.</summary>
    public GapDraws GivenGaps() => new(default, Upload(Inputs.GapTimes), Upload(Inputs.GapNoise));

    /// <summary>Puts values on the device, freed with the run.</summary>
    public DeviceArray<float> Upload(float[] values) => Own(_device.Upload<float>(values));

    public float[] Density()
    {
        var density = Unwritten(Problem.Rows);
        _operations.Density(new()
        {
            Parameters = _behavior,
            Actions = _diffused,
            Times = _times,
            States = _states,
            Rows = Problem.Rows,
            Output = density,
        });
        return Read(density);
    }

    public float[] Score()
    {
        var noise = Unwritten(Problem.Rows * Problem.ActionSize);
        _operations.Score(new()
        {
            Parameters = _behavior,
            Actions = _diffused,
            Times = _times,
            States = _states,
            Rows = Problem.Rows,
            Output = noise,
        });
        return Read(noise);
    }

    public (float Loss, float[] Gradient) DenoisingStep(in DenoisingDraws draws)
    {
        var (gradient, loss) = (Unwritten(Inputs.Layout.Length), Unwritten(1));
        _operations.DenoisingStep(new()
        {
            Parameters = _behavior,
            Actions = _actions,
            States = _states,
            Rows = Problem.Rows,
            Draws = draws,
            Gradient = gradient,
            Loss = loss,
        });
        return (Read(loss)[0], Read(gradient));
    }

    public float[] Gaps(in GapDraws draws)
    {
        var gaps = Unwritten(Problem.StateCount * Problem.CandidateCount);
        _operations.Gaps(new()
        {
            Policy = _policy,
            Behavior = _behavior,
            Batch = new()
            {
                Candidates = _candidates,
                States = _gapStates,
                StateCount = Problem.StateCount,
                CandidateCount = Problem.CandidateCount,
                Draws = draws,
            },
            Gaps = gaps,
        });
        return Read(gaps);
    }

    public (float Loss, float[] Gradient) AlignmentStep(in AlignmentObjective objective, in GapDraws draws)
    {
        var (gradient, loss) = (Unwritten(Inputs.Layout.Length), Unwritten(1));
        _operations.AlignmentStep(new()
        {
            Policy = _policy,
            Behavior = _behavior,
            Batch = new()
            {
                Candidates = _candidates,
                States = _gapStates,
                StateCount = Problem.StateCount,
                CandidateCount = Problem.CandidateCount,
                Draws = draws,
            },
            Labels = _labels,
            Objective = objective,
            Gradient = gradient,
            Loss = loss,
        });
        return (Read(loss)[0], Read(gradient));
    }

    public float[] Sample(SolverTable table) => Sample(table, default, Upload(Inputs.Start));

    public float[] Sample(SolverTable table, in RandomDraw draw, DeviceArray<float>? start)
    {
        var actions = Unwritten(Inputs.Start.Length);
        _operations.Sample(new()
        {
            Parameters = _behavior,
            States = _sampleStates,
            StateCount = Problem.SampleStateCount,
            CandidateCount = Problem.SampleCandidateCount,
            Table = table,
            Draw = draw,
            Start = start,
            Actions = actions,
        });
        return Read(actions);
    }

    public void Dispose()
    {
        for (int i = _owned.Count - 1; i >= 0; i--)
            _owned[i].Dispose();
    }

    private DeviceArray<float>? UploadOrNull(float[]? values) => values is null ? null : Upload(values);

    private DeviceArray<float> Unwritten(int length)
    {
        var values = new float[length];
        Array.Fill(values, float.NaN);
        return Upload(values);
    }

    private float[] Read(DeviceArray<float> array)
    {
        _device.Synchronize();
        return array.ToArray();
    }

    private T Own<T>(T resource)
        where T : IDisposable
    {
        _owned.Add(resource);
        return resource;
    }
}

using EDA.Kernels;
using EDA.Tests.Golden;

namespace EDA.Tests.Kernels;

/// <summary>
/// A critic on a device: networks, moments and dataset uploaded once, each fused operation a call. Gradients and losses
/// start as NaN, so that what an operation forgets to write shows.
/// </summary>
public sealed class CriticRun : IDisposable
{
    private readonly IDevice _device;
    private readonly List<IDisposable> _owned = [];
    private readonly ICriticOperations _operations;
    private readonly AdamSettings _adam;
    private readonly float _targetRate;

    // Networks, gradients and moments stand so many elements behind an array's begin.
    private readonly int _before;

    public CriticRun(IDevice device, CriticInputs inputs, double learningRate = 3e-4, float targetRate = 0.005f, int before = 0)
    {
        (_device, Inputs, _adam, _targetRate, _before) = (device, inputs, new AdamSettings(learningRate), targetRate, before);
        _operations = Own(device.CreateCritic(inputs.Problem.Shape));
        Twin = Trained(inputs.Twin);
        Value = Trained(inputs.Value);
        Policy = Trained(inputs.Policy);
        Target = Behind(inputs.Target);
        Data = new Transitions(
            Upload(inputs.States), Upload(inputs.Actions), Upload(inputs.Rewards), Upload(inputs.Terminals), Upload(inputs.NextStates), inputs.Problem.Count);
        Losses = Upload(Unwritten(CriticLosses.Count));
    }

    public CriticInputs Inputs { get; }

    public ICriticOperations Operations => _operations;

    public Transitions Data { get; }

    public TrainedArrays Twin { get; }

    public TrainedArrays Value { get; }

    public TrainedArrays Policy { get; }

    public DeviceArray<float> Target { get; }

    public DeviceArray<float> Losses { get; }

    /// <summary>As many states as there are both in the dataset and in a batch.</summary>
    private int EvaluatedRows => Math.Min(Inputs.Problem.Rows, Inputs.Problem.Count);

    /// <summary>The batch of a step, its rows given.</summary>
    public TransitionBatch Given(int step) => new(Data, Inputs.Problem.Rows, default, UploadIndices(Inputs.Indices(step)));

    /// <summary>A batch whose rows are drawn.</summary>
    public TransitionBatch Drawn(uint step) => new(Data, Inputs.Problem.Rows, new RandomDraw(9, RandomStage.Critic, step));

    /// <summary>A step of implicit Q-learning; the first is 0.</summary>
    public float[] ImplicitStep(in TransitionBatch batch, int step)
    {
        _operations.ImplicitStep(new()
        {
            Batch = batch,
            Backup = Inputs.Problem.Implicit,
            Value = Value,
            Twin = Twin,
            Target = Target,
            Update = new(_adam, step + 1, _targetRate),
            Losses = Losses,
        });
        return Read(Losses)[..CriticLosses.Policy];
    }

    public float[] SampledStep(in TransitionBatch batch, float[] nextActions, int step)
    {
        var backup = new SampledBackup(Inputs.Problem.Discount, Inputs.Problem.InverseTemperature, Upload(nextActions), Inputs.Problem.CandidateCount);
        _operations.SampledStep(new()
        {
            Batch = batch,
            Backup = backup,
            Twin = Twin,
            Target = Target,
            Update = new(_adam, step + 1, _targetRate),
            Losses = Losses,
        });
        return Read(Losses)[..CriticLosses.Value];
    }

    public float PolicyStep(in TransitionBatch batch, int step)
    {
        _operations.PolicyStep(new()
        {
            Batch = batch,
            Weighting = Inputs.Problem.Weighting,
            Value = Value.Parameters,
            Target = Target,
            Policy = Policy,
            Adam = _adam,
            Step = step + 1,
            Losses = Losses,
        });
        return Read(Losses)[CriticLosses.Policy];
    }

    public float[] MinimumQ()
    {
        int rows = EvaluatedRows, k = Inputs.Problem.CandidateCount;
        var q = Upload(Unwritten(rows * k));
        _operations.MinimumQ(new()
        {
            Twin = Target,
            States = Data.States,
            Actions = Upload(Inputs.Candidates),
            StateCount = rows,
            CandidateCount = k,
            Q = q,
        });
        return Read(q);
    }

    public float[] Values()
    {
        var v = Upload(Unwritten(EvaluatedRows));
        _operations.Value(new() { Parameters = Value.Parameters, States = Data.States, Rows = EvaluatedRows, Output = v });
        return Read(v);
    }

    public float[] Actions()
    {
        var actions = Upload(Unwritten(EvaluatedRows * Inputs.Problem.ActionSize));
        _operations.Act(new() { Parameters = Policy.Parameters, States = Data.States, Rows = EvaluatedRows, Output = actions });
        return Read(actions);
    }

    /// <summary>Everything a step reads and writes, by name.</summary>
    public Dictionary<string, float[]> Everything()
    {
        var all = new Dictionary<string, float[]> { ["target"] = Read(Target), ["losses"] = Read(Losses) };
        foreach (var (name, arrays) in new[] { ("twin", Twin), ("value", Value), ("policy", Policy) })
        {
            all[name] = Read(arrays.Parameters);
            all[name + " gradient"] = Read(arrays.Gradient!);
            all[name + " first moment"] = Read(arrays.FirstMoment);
            all[name + " second moment"] = Read(arrays.SecondMoment);
        }

        return all;
    }

    public float[] Read(DeviceArray<float> array)
    {
        _device.Synchronize();
        return array.ToArray();
    }

    public DeviceArray<float> Upload(float[] values) => Own(_device.Upload<float>(values));

    public DeviceArray<int> UploadIndices(int[] values) => Own(_device.Upload<int>(values));

    public void Dispose()
    {
        for (int i = _owned.Count - 1; i >= 0; i--)
            _owned[i].Dispose();
    }

    private TrainedArrays Trained(float[] parameters) => new(
        Behind(parameters), Behind(Unwritten(parameters.Length)), Behind(new float[parameters.Length]), Behind(new float[parameters.Length]));

    private DeviceArray<float> Behind(float[] values) => _before == 0 ? Upload(values) : Upload([.. new float[_before], .. values]).Slice(_before, values.Length);

    private static float[] Unwritten(int length)
    {
        var values = new float[length];
        Array.Fill(values, float.NaN);
        return values;
    }

    private T Own<T>(T resource)
        where T : IDisposable
    {
        _owned.Add(resource);
        return resource;
    }
}

using EDA.Bench.Verification;
using EDA.Kernels;

namespace EDA.Bench.Kernels;

/// <summary>A critic's networks in training.</summary>
/// <param name="Value">V.</param>
/// <param name="Twin">Q.</param>
/// <param name="Policy">The policy.</param>
/// <param name="Target">The target's parameters.</param>
public sealed record CriticNetworks(TrainedArrays Value, TrainedArrays Twin, TrainedArrays Policy, DeviceArray<float> Target);

/// <summary>
/// The operations of critics on a dataset of random transitions: calls that are ready to be made, so that running a step is the
/// step alone, batch and parameters' move included.
/// </summary>
public sealed class CriticWorkload : WorkloadArrays
{
    private readonly int _rows;
    private readonly int _candidates;
    private readonly DeviceArray<float> _nextActions;
    private readonly DeviceArray<float> _results;
    private readonly CriticNetworks _networks;
    private int _step;

    /// <summary>Makes the workload of networks with random weights.</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="shape">The networks.</param>
    /// <param name="rows">Transitions of a step.</param>
    /// <param name="candidates">K of a softmax backup.</param>
    /// <param name="count">Transitions of the dataset.</param>
    public CriticWorkload(IDevice device, CriticShape shape, int rows = 256, int candidates = 16, int count = 100_000)
        : base(device, 4)
    {
        (_rows, _candidates) = (rows, candidates);
        Operations = Own(device.CreateCritic(shape));
        (Twin, Value, Policy) = (Weights(Layout.Twin), Weights(Layout.Value), Weights(Layout.Policy));
        Data = new Transitions(
            Fill(count * shape.StateSize, Uniform), Fill(count * shape.ActionSize, Uniform), Fill(count, Uniform),
            Fill(count, () => Random.Next(10) == 0 ? 1 : 0), Fill(count * shape.StateSize, Uniform), count);
        _nextActions = Fill(rows * candidates * shape.ActionSize, Uniform);
        Losses = Unwritten(CriticLosses.Count);
        _results = Unwritten(rows * Math.Max(candidates, shape.ActionSize));
        _networks = Networks(hasGradients: false);
    }

    /// <summary>The operations.</summary>
    public ICriticOperations Operations { get; }

    /// <summary>The order of the parameters.</summary>
    public CriticLayout Layout => Operations.Layout;

    /// <summary>The dataset.</summary>
    public Transitions Data { get; }

    /// <summary>Q's parameters to begin with.</summary>
    public float[] Twin { get; }

    /// <summary>V's parameters to begin with.</summary>
    public float[] Value { get; }

    /// <summary>The policy's parameters to begin with.</summary>
    public float[] Policy { get; }

    /// <summary>Where losses go.</summary>
    public DeviceArray<float> Losses { get; }

    /// <summary>A line of the table: a whole step of implicit Q-learning, batch, V, twins, Adam and target.</summary>
    public WorkloadStep Step => new("implicit q", $"batch {_rows}", Operations.Shape.ImplicitStepWork(_rows), ImplicitStep);

    /// <summary>Networks at the beginning of their training.</summary>
    /// <param name="value">V's parameters, where they are others.</param>
    /// <param name="twin">Q's.</param>
    /// <param name="policy">The policy's.</param>
    /// <param name="target">The target's; Q's to begin with.</param>
    /// <param name="hasGradients">Whether the gradients are read.</param>
    /// <returns>The networks, which live as long as the workload.</returns>
    public CriticNetworks Networks(float[]? value = null, float[]? twin = null, float[]? policy = null, float[]? target = null, bool hasGradients = true) =>
        new(Trained(value ?? Value, hasGradients), Trained(twin ?? Twin, hasGradients), Trained(policy ?? Policy, hasGradients), Upload(target ?? Twin));

    /// <summary>A step of V, twins and target by implicit Q-learning.</summary>
    /// <param name="step">The step, 0 for the first.</param>
    /// <param name="networks">The networks.</param>
    /// <returns>The call.</returns>
    public ImplicitStepCall ImplicitAt(int step, CriticNetworks networks) => new()
    {
        Batch = BatchAt(step),
        Backup = new(0.99f, 0.7f),
        Value = networks.Value,
        Twin = networks.Twin,
        Target = networks.Target,
        Update = UpdateAt(step),
        Losses = Losses,
    };

    /// <summary>A step of twins and target by softmax Q-learning.</summary>
    /// <param name="step">The step, 0 for the first.</param>
    /// <param name="networks">The networks.</param>
    /// <returns>The call.</returns>
    public SampledStepCall SampledAt(int step, CriticNetworks networks) => new()
    {
        Batch = BatchAt(step),
        Backup = new(0.99f, 1, _nextActions, _candidates),
        Twin = networks.Twin,
        Target = networks.Target,
        Update = UpdateAt(step),
        Losses = Losses,
    };

    /// <summary>A step of the policy by advantage-weighted regression.</summary>
    /// <param name="step">The step, 0 for the first.</param>
    /// <param name="networks">The networks.</param>
    /// <returns>The call.</returns>
    public PolicyStepCall PolicyAt(int step, CriticNetworks networks) => new()
    {
        Batch = BatchAt(step),
        Weighting = new(3, 100),
        Value = networks.Value.Parameters,
        Target = networks.Target,
        Policy = networks.Policy,
        Adam = UpdateAt(step).Adam,
        Step = step + 1,
        Losses = Losses,
    };

    /// <summary>The lesser of the target's Q of K actions for each of some states: labels.</summary>
    /// <param name="networks">The networks.</param>
    /// <param name="states">The states, at most those of a step.</param>
    /// <param name="q">Where they go [n×K].</param>
    /// <returns>The call.</returns>
    public MinimumQCall LabelsOf(CriticNetworks networks, int states, DeviceArray<float> q) => new()
    {
        Twin = networks.Target,
        States = Data.States,
        Actions = _nextActions,
        StateCount = states,
        CandidateCount = _candidates,
        Q = q,
    };

    /// <summary>What a network gives for states: V, or the policy's actions.</summary>
    /// <param name="network">The network.</param>
    /// <param name="states">The states, at most the dataset's.</param>
    /// <param name="output">Where it goes.</param>
    /// <returns>The call.</returns>
    public StateEvaluationCall StatesOf(TrainedArrays network, int states, DeviceArray<float> output) => new() { Parameters = network.Parameters, States = Data.States, Rows = states, Output = output };

    /// <summary>∂Q/∂a of rows of the dataset, by the smaller of the twins.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="gradient">Where the slopes go [n×A].</param>
    /// <returns>The call.</returns>
    public ActionGradientCall SlopesOf(int rows, DeviceArray<float> gradient) => new()
    {
        Twin = _networks.Target,
        States = Data.States,
        Actions = Data.Actions,
        Rows = rows,
        Gradient = gradient,
    };

    /// <summary>V, twins, target by implicit Q-learning.</summary>
    public void ImplicitStep() => Operations.ImplicitStep(ImplicitAt(_step++, _networks));

    /// <summary>Twins and target by softmax Q-learning.</summary>
    public void SoftmaxStep() => Operations.SampledStep(SampledAt(_step++, _networks));

    /// <summary>The policy by advantage-weighted regression.</summary>
    public void PolicyStep() => Operations.PolicyStep(PolicyAt(_step++, _networks));

    /// <summary>The lesser Q of K actions for each of some states.</summary>
    public void MinimumQ() => Operations.MinimumQ(LabelsOf(_networks, _rows, _results));

    /// <summary>V of states.</summary>
    public void ValueOfStates() => Operations.Value(StatesOf(_networks.Value, _rows, _results));

    /// <summary>The policy's actions for states.</summary>
    public void Act() => Operations.Act(StatesOf(_networks.Policy, _rows, _results));

    /// <summary>∂Q/∂a by the smaller of the twins.</summary>
    public void ActionGradient() => Operations.ActionGradient(SlopesOf(_rows, _results));

    private static CriticUpdate UpdateAt(int step) => new(new AdamSettings(1e-3), step + 1, 0.05f);

    private TransitionBatch BatchAt(int step) => new(Data, _rows, new RandomDraw(2, RandomStage.Critic, (uint)step));

    private float[] Weights(MlpLayout layout) => VerificationWeights.Mlp(layout, Uniform);
}

using EDA.Bench.Verification;
using EDA.Engine.Diffusion;
using EDA.Kernels;

namespace EDA.Bench.Kernels;

/// <summary>
/// The fused operations of the diffusion model, those whose speed is quoted and those that devices are compared by: calls that
/// are ready to be made, so that running a step is the step alone.
/// </summary>
public sealed class BdmWorkload : WorkloadArrays
{
    private const float DropoutRate = 0.1f;
    private const ulong Seed = 2;

    private readonly WorkloadSize _size;
    private readonly DeviceArray<float>? _states;
    private readonly DeviceArray<float> _times;
    private readonly DeviceArray<float> _candidates;
    private readonly DeviceArray<float> _gaps;
    private readonly DeviceArray<float> _densities;
    private readonly DeviceArray<float> _noise;
    private readonly TrainedArrays _moved;
    private uint _step;

    /// <summary>Makes the workload of a network with random weights.</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="size">How large it is.</param>
    public BdmWorkload(IDevice device, WorkloadSize size)
        : base(device, 1)
    {
        _size = size;
        var shape = size.Shape;
        Operations = Own(device.CreateBdm(shape, VarianceSchedule.Published));
        float[] behavior = new float[Layout.Length], policy = new float[Layout.Length];
        foreach (var slice in Layout.Slices)
        {
            for (int i = slice.Offset; i < slice.Offset + slice.Length; i++)
            {
                behavior[i] = VerificationWeights.Bdm(slice, Uniform);
                policy[i] = slice == Layout.Frequencies ? behavior[i] : behavior[i] + (0.3f * VerificationWeights.Bdm(slice, Uniform) * (slice.Dimensions.Count > 1 ? 1 : 0.3f));
            }
        }

        int points = Math.Max(size.PretrainingRows, size.ScoreRows), candidates = size.AlignmentStates * size.Candidates, rows = Math.Max(points, Math.Max(candidates, size.SampleStates));
        (Behavior, Policy, _moved) = (Upload(behavior), Upload(policy), Trained(policy, hasGradient: false));
        Actions = Fill(points * shape.ActionSize, Uniform);
        _times = Fill(rows, () => 0.001f + (0.999f * (float)Random.NextDouble()));
        _states = shape.StateSize > 0 ? Fill(rows * shape.StateSize, () => 1.5f * Uniform()) : null;
        _candidates = Fill(candidates * shape.ActionSize, Uniform);
        Labels = Fill(candidates, () => 1.5f * Uniform());
        (Loss, Gradient) = (Unwritten(1), Unwritten(Layout.Length));
        (_gaps, _densities, _noise) = (Unwritten(candidates), Unwritten(size.ScoreRows), Unwritten(size.ScoreRows * shape.ActionSize));
    }

    /// <summary>The operations.</summary>
    public IBdmOperations Operations { get; }

    /// <summary>The order of the parameters.</summary>
    public BdmLayout Layout => Operations.Layout;

    /// <summary>f_φ's parameters.</summary>
    public DeviceArray<float> Behavior { get; }

    /// <summary>f_θ's parameters: the behavior's, moved a little.</summary>
    public DeviceArray<float> Policy { get; }

    /// <summary>Actions of a batch [n×A].</summary>
    public DeviceArray<float> Actions { get; }

    /// <summary>Labels of candidates [b×K].</summary>
    public DeviceArray<float> Labels { get; }

    /// <summary>Where losses go.</summary>
    public DeviceArray<float> Loss { get; }

    /// <summary>Where gradients go.</summary>
    public DeviceArray<float> Gradient { get; }

    /// <summary>Points, each with a state and a time of its own, for <see cref="Density"/>; other outputs go elsewhere.</summary>
    public EvaluationCall Points => new()
    {
        Parameters = Behavior,
        Actions = Actions,
        Times = _times,
        States = _states,
        Rows = _size.ScoreRows,
        Output = _densities,
    };

    /// <summary>Every fused operation but sampling, which is scores one after the other.</summary>
    public IReadOnlyList<WorkloadStep> Steps =>
    [
        _size.Pretraining("pretraining", Pretraining),
        _size.Alignment("alignment", Alignment),
        _size.Alignment("gaps", Gaps) with { Work = _size.Work(2, _size.AlignmentStates * _size.Candidates) },
        new("score", $"{_size.ScoreRows} points", _size.Work(2, _size.ScoreRows), Score),
        new("density", $"{_size.ScoreRows} points", _size.Work(1, _size.ScoreRows), Density),
    ];

    /// <summary>Those, and what a GPU's table shows besides.</summary>
    public IReadOnlyList<WorkloadStep> AllSteps =>
    [
        .. Steps,
        _size.Sampling("sampling", Sampling),
        new("adam", $"{Layout.Length} weights", 12.0 * Layout.Length, Adam),
    ];

    private DeviceArray<float> Samples => field ??= Unwritten(_size.SampleStates * _size.Candidates * _size.Shape.ActionSize);

    /// <summary>Loss and gradient of a pretraining batch.</summary>
    /// <param name="step">Says what is drawn.</param>
    /// <param name="dropout">Whether units are dropped, a tenth of them.</param>
    /// <returns>The call.</returns>
    public DenoisingStepCall DenoisingAt(uint step, bool dropout = true) => new()
    {
        Parameters = Behavior,
        Actions = Actions,
        States = _states,
        Rows = _size.PretrainingRows,
        Draws = new(new RandomDraw(Seed, RandomStage.Behavior, step), dropout ? DropoutRate : 0),
        Gradient = Gradient,
        Loss = Loss,
    };

    /// <summary>Loss and gradient of states with their candidates.</summary>
    /// <param name="step">Says what is drawn.</param>
    /// <param name="loss">Eq. 14 or 15.</param>
    /// <returns>The call.</returns>
    public AlignmentStepCall AlignmentAt(uint step, AlignmentLoss loss = AlignmentLoss.Value) => new()
    {
        Policy = Policy,
        Behavior = Behavior,
        Batch = CandidatesAt(step),
        Labels = Labels,
        Objective = new(loss, 0.7f, 3),
        Gradient = Gradient,
        Loss = Loss,
    };

    /// <summary>Δ of states with their candidates.</summary>
    /// <param name="step">Says what is drawn.</param>
    /// <returns>The call.</returns>
    public GapsCall GapsAt(uint step) => new() { Policy = Policy, Behavior = Behavior, Batch = CandidatesAt(step), Gaps = _gaps };

    /// <summary>K actions for each of some states: the published solver's 15 evaluations.</summary>
    /// <param name="step">Says what is drawn.</param>
    /// <param name="actions">Where they go [n×K×A].</param>
    /// <returns>The call.</returns>
    public SampleCall SampleAt(uint step, DeviceArray<float> actions) => new()
    {
        Parameters = Behavior,
        States = _states,
        StateCount = _size.SampleStates,
        CandidateCount = _size.Candidates,
        Table = DpmSolver.Published,
        Draw = new(Seed, RandomStage.Evaluation, step),
        Actions = actions,
    };

    /// <summary>Loss and gradient of a pretraining batch, dropout 0.1.</summary>
    public void Pretraining() => Operations.DenoisingStep(DenoisingAt(_step++));

    /// <summary>Loss and gradient of states with their candidates.</summary>
    public void Alignment() => Operations.AlignmentStep(AlignmentAt(_step++));

    /// <summary>Δ of states with their candidates.</summary>
    public void Gaps() => Operations.Gaps(GapsAt(_step++));

    /// <summary>Loss and gradient of Δ alone.</summary>
    public void Objective() => Operations.Objective(new()
    {
        Objective = AlignmentAt(0).Objective,
        Gaps = _times,
        Labels = Labels,
        StateCount = _size.AlignmentStates,
        CandidateCount = _size.Candidates,
        GapsGradient = _gaps,
        Loss = Loss,
    });

    /// <summary>f of points.</summary>
    public void Density() => Operations.Density(Points);

    /// <summary>The score of points.</summary>
    public void Score() => Operations.Score(Points with { Output = _noise });

    /// <summary>K actions for each of some states.</summary>
    public void Sampling() => Operations.Sample(SampleAt(_step++, Samples));

    /// <summary>A step of Adam on all weights; any numbers do for a gradient.</summary>
    public void Adam() => Device.Vector.Adam(new() { Trained = _moved with { Gradient = Behavior }, Settings = new(1e-4), Step = ++_step });

    private CandidateBatch CandidatesAt(uint step) => new()
    {
        Candidates = _candidates,
        States = _states,
        StateCount = _size.AlignmentStates,
        CandidateCount = _size.Candidates,
        Draws = new(new RandomDraw(Seed, RandomStage.Alignment, step)),
    };
}

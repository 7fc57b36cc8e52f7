using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;
using EDA.Kernels;

namespace EDA.Engine.Critics;

/// <summary>
/// Online Q-learning, the backup of Diffusion-QL (Wang, Hunt, Zhou, arXiv 2208.06193; method: section 4):
/// V(s') = Q̄(s', a') with a' one sample of the policy under training, as it is at that step.
/// </summary>
public sealed class OnlineQLearning : SampledQLearning
{
    private readonly BottleneckDiffusionModel _policy;
    private readonly SolverTable _solver;
    private readonly DeviceArray<int> _rows;
    private readonly DeviceArray<float> _nextStates;
    private readonly DeviceArray<float> _nextActions;

    /// <summary>Prepares training.</summary>
    /// <param name="settings">How it is done; its method is online.</param>
    /// <param name="critic">The critic, trained in place; it has no V.</param>
    /// <param name="data">The transitions, on the critic's device.</param>
    /// <param name="policy">The policy that next actions are sampled from, on the same device; another stage may train it between steps.</param>
    /// <param name="solver">The solver's coefficients; null for <see cref="DpmSolver.Published"/>.</param>
    /// <param name="optimizer">What moves the twins; null for Adam fused with the steps.</param>
    /// <exception cref="ArgumentException">Critic, data, policy and settings do not go together.</exception>
    public OnlineQLearning(CriticSettings settings, Critic critic, TransitionDataset data, BottleneckDiffusionModel policy, SolverTable? solver = null, OptimizerFactory? optimizer = null)
        : base(CriticMethod.Online, settings, critic, data, candidates: 1, inverseTemperature: 1, optimizer)
    {
        if (policy.Shape.StateSize != data.StateSize || policy.Shape.ActionSize != data.ActionSize)
            throw new ArgumentException($"a policy of S = {policy.Shape.StateSize}, A = {policy.Shape.ActionSize} for data of S = {data.StateSize}, A = {data.ActionSize}", nameof(policy));
        _policy = policy;
        _solver = solver ?? DpmSolver.Published;
        _rows = critic.Device.Allocate<int>(settings.Batch);
        _nextStates = critic.Device.Allocate<float>((long)settings.Batch * data.StateSize);
        _nextActions = critic.Device.Allocate<float>((long)settings.Batch * data.ActionSize);
    }

    /// <inheritdoc/>
    private protected override DeviceArray<float> NextActions(in TransitionBatch batch)
    {
        var vector = Critic.Device.Vector;
        vector.FillIndices(new() { Indices = _rows, Count = batch.Rows, Upper = Data.Count, Draw = batch.Draw, Purpose = RandomPurpose.BatchIndex });
        vector.Gather(new()
        {
            Source = Data.Transitions.NextStates,
            Width = Data.StateSize,
            Indices = _rows,
            Count = batch.Rows,
            Destination = _nextStates,
        });
        _policy.Operations.Sample(new()
        {
            Parameters = _policy.Parameters,
            States = _nextStates,
            StateCount = batch.Rows,
            CandidateCount = 1,
            Table = _solver,
            Draw = batch.Draw,
            Actions = _nextActions,
        });
        return _nextActions;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _rows.Dispose();
        _nextStates.Dispose();
        _nextActions.Dispose();
        base.Dispose(disposing);
    }
}

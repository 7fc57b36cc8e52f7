using EDA.Kernels;
using TorchSharp;
using static EDA.Bench.Torch.TensorScope;

namespace EDA.Bench.Torch;

/// <summary>The operations of critics (method: section 4) by autograd.</summary>
internal sealed class AutogradCriticOperations(AutogradDevice device, CriticShape shape) : ICriticOperations
{
    // Rows that an evaluation works on at once.
    private const int RowsAtOnce = 16384;

    private readonly Dictionary<MlpLayout, DeviceArray<float>> _gradients = [];
    private DeviceArray<int>? _indices;
    private bool _disposed;

    private delegate torch.Tensor Evaluation(int first, int count);

    public CriticShape Shape => shape;

    public CriticLayout Layout { get; } = new(shape);

    public void ImplicitStep(
        in TransitionBatch batch,
        in ImplicitBackup backup,
        in TrainedArrays value,
        in TrainedArrays twin,
        DeviceArray<float> target,
        in CriticUpdate update,
        DeviceArray<float> losses)
    {
        if (backup.Expectile is not (> 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(backup), backup.Expectile, "the expectile must be in (0, 1)");
        Check(update);
        using var scope = new TensorScope();
        var results = scope.View(losses, 0, CriticLosses.Value + 1);
        var rows = Batch(scope, batch);
        var (states, pairs) = StatesAndPairs(rows, batch.Data);
        var valueNetwork = Network(scope, Layout.Value, value.Parameters, true);
        var twins = Network(scope, Layout.Twin, twin.Parameters, true);
        torch.Tensor rated, nextValue;
        using (torch.no_grad())
        {
            nextValue = valueNetwork.EvaluateOne(rows.Rows(batch.Data.NextStates, shape.StateSize)).squeeze(1);
            rated = Network(scope, Layout.Twin, target, false).Minimum(pairs);
        }

        var advantage = rated - valueNetwork.EvaluateOne(states).squeeze(1);
        var valueLoss = (torch.where(advantage.lt(0), 1 - backup.Expectile, backup.Expectile) * advantage.square()).mean();
        var twinLoss = TwinLoss(twins, pairs, rows, batch.Data, backup.Discount, nextValue);
        var valueGradient = valueNetwork.Gradient(valueLoss);
        var twinGradient = twins.Gradient(twinLoss);
        Move(scope, Layout.Value, value, valueGradient, update.Adam, update.Step);
        Move(scope, Layout.Twin, twin, twinGradient, update.Adam, update.Step);
        device.Vector.PolyakAverage(target, twin.Parameters, update.TargetRate);
        Report(results, (CriticLosses.Q, twinLoss), (CriticLosses.NextValue, nextValue.mean()), (CriticLosses.Value, valueLoss));
    }

    public void SampledStep(
        in TransitionBatch batch,
        in SampledBackup backup,
        in TrainedArrays twin,
        DeviceArray<float> target,
        in CriticUpdate update,
        DeviceArray<float> losses)
    {
        if (!(backup.InverseTemperature >= 0))
            throw new ArgumentOutOfRangeException(nameof(backup), backup.InverseTemperature, "the inverse temperature must be at least 0");
        Check(update);
        using var scope = new TensorScope();
        var results = scope.View(losses, 0, CriticLosses.NextValue + 1);
        var rows = Batch(scope, batch);
        var (_, pairs) = StatesAndPairs(rows, batch.Data);
        int candidates = AtLeastOne(backup.CandidateCount);
        torch.Tensor nextValue;
        using (torch.no_grad())
        {
            var nextStates = rows.Rows(batch.Data.NextStates, shape.StateSize).repeat_interleave(candidates, 0);
            var nextActions = scope.View(backup.NextActions, 0, (long)batch.Rows * candidates, shape.ActionSize);
            var rated = Network(scope, Layout.Twin, target, false).Minimum(torch.cat([nextActions, nextStates], 1)).view(batch.Rows, candidates);
            nextValue = (torch.nn.functional.softmax(backup.InverseTemperature * rated, 1) * rated).sum(1);
        }

        var twins = Network(scope, Layout.Twin, twin.Parameters, true);
        var loss = TwinLoss(twins, pairs, rows, batch.Data, backup.Discount, nextValue);
        Move(scope, Layout.Twin, twin, twins.Gradient(loss), update.Adam, update.Step);
        device.Vector.PolyakAverage(target, twin.Parameters, update.TargetRate);
        Report(results, (CriticLosses.Q, loss), (CriticLosses.NextValue, nextValue.mean()));
    }

    public void PolicyStep(
        in TransitionBatch batch,
        in AdvantageWeighting weighting,
        DeviceArray<float> value,
        DeviceArray<float> target,
        in TrainedArrays policy,
        in AdamSettings adam,
        long step,
        DeviceArray<float> losses)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        using var scope = new TensorScope();
        var results = scope.View(losses, 0, CriticLosses.Policy + 1);
        var rows = Batch(scope, batch);
        var (states, pairs) = StatesAndPairs(rows, batch.Data);
        torch.Tensor weights;
        using (torch.no_grad())
        {
            var advantage = Network(scope, Layout.Twin, target, false).Minimum(pairs) - Network(scope, Layout.Value, value, false).EvaluateOne(states).squeeze(1);
            weights = (weighting.Temperature * advantage).exp().clamp(max: weighting.Cap);
        }

        var network = Network(scope, Layout.Policy, policy.Parameters, true);
        var away = network.EvaluateOne(states).tanh() - pairs.narrow(1, 0, shape.ActionSize);
        var loss = (weights * away.square().sum(1)).mean();
        Move(scope, Layout.Policy, policy, network.Gradient(loss), adam, step);
        Report(results, (CriticLosses.Policy, loss));
    }

    public void MinimumQ(DeviceArray<float> twin, DeviceArray<float> states, DeviceArray<float> actions, int stateCount, int candidateCount, DeviceArray<float> q)
    {
        long rows = (long)AtLeastOne(stateCount) * AtLeastOne(candidateCount);
        using var scope = new TensorScope();
        var network = Network(scope, Layout.Twin, twin, false);
        var (s, a, found) = (scope.View(states, 0, stateCount, shape.StateSize), scope.View(actions, 0, rows, shape.ActionSize), scope.View(q, 0, stateCount, candidateCount));
        Evaluate(stateCount, candidateCount, found, (first, count) => network.Minimum(torch.cat(
            [a.narrow(0, (long)first * candidateCount, (long)count * candidateCount), s.narrow(0, first, count).repeat_interleave(candidateCount, 0)], 1)).view(count, candidateCount));
    }

    public void Value(DeviceArray<float> value, DeviceArray<float> states, int rows, DeviceArray<float> v)
    {
        AtLeastOne(rows);
        using var scope = new TensorScope();
        var network = Network(scope, Layout.Value, value, false);
        var s = scope.View(states, 0, rows, shape.StateSize);
        Evaluate(rows, 1, scope.View(v, 0, rows, 1), (first, count) => network.EvaluateOne(s.narrow(0, first, count)));
    }

    public void Act(DeviceArray<float> policy, DeviceArray<float> states, int rows, DeviceArray<float> actions)
    {
        AtLeastOne(rows);
        using var scope = new TensorScope();
        var network = Network(scope, Layout.Policy, policy, false);
        var s = scope.View(states, 0, rows, shape.StateSize);
        Evaluate(rows, 1, scope.View(actions, 0, rows, shape.ActionSize), (first, count) => network.EvaluateOne(s.narrow(0, first, count)).tanh());
    }

    public void ActionGradient(in ActionGradientCall call)
    {
        if (!Enum.IsDefined(call.Choice))
            throw new ArgumentOutOfRangeException(nameof(call), call.Choice, $"the choice must be one of {string.Join(", ", Enum.GetNames<TwinChoice>())}");
        int rows = AtLeastOne(call.Rows);
        var choice = call.Choice;
        using var scope = new TensorScope();
        var network = Network(scope, Layout.Twin, call.Twin, false);
        var (s, a, found) = (scope.View(call.States, 0, rows, shape.StateSize), scope.View(call.Actions, 0, rows, shape.ActionSize), scope.View(call.Gradient, 0, rows, shape.ActionSize));
        var q = call.Q is null ? null : scope.View(call.Q, 0, rows);
        for (int first = 0; first < rows; first += RowsAtOnce)
        {
            using var parts = torch.NewDisposeScope();
            int count = Math.Min(RowsAtOnce, rows - first);
            var actions = a.narrow(0, first, count).detach().requires_grad_(true);
            var twins = network.Evaluate(torch.cat([actions, s.narrow(0, first, count)], 1));
            var chosen = choice switch
            {
                TwinChoice.First => twins[0],
                TwinChoice.Second => twins[1],
                _ => torch.where(twins[1].lt(twins[0]).logical_or(twins[1].isnan()), twins[1], twins[0]),
            };
            var gradient = torch.autograd.grad([chosen.sum()], [actions])[0];
            using var off = torch.no_grad();
            found.narrow(0, first, count).copy_(gradient);
            q?.narrow(0, first, count).copy_(chosen.squeeze(1));
        }
    }

    public void Dispose()
    {
        _disposed = true;
        _indices?.Dispose();
        foreach (var gradient in _gradients.Values)
            gradient.Dispose();
    }

    private static void Check(in CriticUpdate update)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(update.Step, 1, nameof(update));
        if (update.TargetRate is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(update), update.TargetRate, "the target rate must be in [0, 1]");
    }

    // The mean of the twins' mean squared errors against r + γ(1 − d)V(s').
    private static torch.Tensor TwinLoss(AutogradMlp twins, torch.Tensor pairs, AutogradBatch rows, in Transitions data, float discount, torch.Tensor nextValue)
    {
        var goal = rows.Numbers(data.Rewards) + (discount * (1 - rows.Numbers(data.Terminals)) * nextValue);
        var both = twins.Evaluate(pairs);
        return 0.5f * ((both[0].squeeze(1) - goal).square().mean() + (both[1].squeeze(1) - goal).square().mean());
    }

    private static void Report(torch.Tensor results, params ReadOnlySpan<(int Place, torch.Tensor Loss)> losses)
    {
        using var off = torch.no_grad();
        foreach (var (place, loss) in losses)
            results[place].copy_(loss);
    }

    private static void Evaluate(int stateCount, int candidateCount, torch.Tensor found, Evaluation evaluation)
    {
        using var off = torch.no_grad();
        int part = Math.Max(1, RowsAtOnce / candidateCount);
        for (int first = 0; first < stateCount; first += part)
        {
            using var parts = torch.NewDisposeScope();
            int count = Math.Min(part, stateCount - first);
            found.narrow(0, first, count).copy_(evaluation(first, count));
        }
    }

    // s [n×S], and the action before the state [n×(A + S)].
    private (torch.Tensor States, torch.Tensor Pairs) StatesAndPairs(AutogradBatch rows, in Transitions data)
    {
        var states = rows.Rows(data.States, shape.StateSize);
        return (states, torch.cat([rows.Rows(data.Actions, shape.ActionSize), states], 1));
    }

    private AutogradBatch Batch(TensorScope scope, in TransitionBatch batch)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new AutogradBatch(scope, batch, device.Vector, rows =>
        {
            if (_indices is null || _indices.Length < rows)
            {
                _indices?.Dispose();
                _indices = device.Allocate<int>(rows);
            }

            return _indices;
        });
    }

    private AutogradMlp Network(TensorScope scope, MlpLayout layout, DeviceArray<float> parameters, bool trained)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new AutogradMlp(layout, scope.Parameters(parameters, layout.Slices, 0, trained ? layout.Slices : []));
    }

    // The gradient to its place, or to one of our own where nobody looks at it; then Adam.
    private void Move(TensorScope scope, MlpLayout layout, in TrainedArrays arrays, IList<torch.Tensor> gradients, in AdamSettings adam, long step)
    {
        var gradient = arrays.Gradient;
        if (gradient is null && !_gradients.TryGetValue(layout, out gradient))
            _gradients[layout] = gradient = device.Allocate<float>(layout.Length);
        using (torch.no_grad())
        {
            var places = scope.Parameters(gradient, layout.Slices, 0, []);
            for (int i = 0; i < gradients.Count; i++)
                places[layout.Slices[i]].copy_(gradients[i]);
        }

        device.Vector.Adam(arrays.Parameters, gradient, arrays.FirstMoment, arrays.SecondMoment, adam, step);
    }
}

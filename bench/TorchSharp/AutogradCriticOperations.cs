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

    public void ImplicitStep(in ImplicitStepCall call)
    {
        call.Check();
        using var scope = new TensorScope();
        var results = scope.View(call.Losses, 0, CriticLosses.Value + 1);
        var rows = Batch(scope, call.Batch);
        var (states, pairs) = StatesAndPairs(rows, call.Batch.Data);
        var valueNetwork = Network(scope, Layout.Value, call.Value.Parameters, true);
        var twins = Network(scope, Layout.Twin, call.Twin.Parameters, true);
        torch.Tensor rated, nextValue;
        using (torch.no_grad())
        {
            nextValue = valueNetwork.EvaluateOne(rows.Rows(call.Batch.Data.NextStates, shape.StateSize)).squeeze(1);
            rated = Network(scope, Layout.Twin, call.Target, false).Minimum(pairs);
        }

        var advantage = rated - valueNetwork.EvaluateOne(states).squeeze(1);
        var valueLoss = (torch.where(advantage.lt(0), 1 - call.Backup.Expectile, call.Backup.Expectile) * advantage.square()).mean();
        var twinLoss = TwinLoss(twins, pairs, rows, call.Batch.Data, call.Backup.Discount, nextValue);
        var valueGradient = valueNetwork.Gradient(valueLoss);
        var twinGradient = twins.Gradient(twinLoss);
        Move(scope, Layout.Value, call.Value, valueGradient, call.Update.Adam, call.Update.Step);
        Move(scope, Layout.Twin, call.Twin, twinGradient, call.Update.Adam, call.Update.Step);
        device.Vector.PolyakAverage(new() { Target = call.Target, Source = call.Twin.Parameters, Rate = call.Update.TargetRate });
        Report(results, (CriticLosses.Q, twinLoss), (CriticLosses.NextValue, nextValue.mean()), (CriticLosses.Value, valueLoss));
    }

    public void SampledStep(in SampledStepCall call)
    {
        call.Check();
        using var scope = new TensorScope();
        var results = scope.View(call.Losses, 0, CriticLosses.NextValue + 1);
        var rows = Batch(scope, call.Batch);
        var (_, pairs) = StatesAndPairs(rows, call.Batch.Data);
        int candidates = AtLeastOne(call.Backup.CandidateCount);
        torch.Tensor nextValue;
        using (torch.no_grad())
        {
            var nextStates = rows.Rows(call.Batch.Data.NextStates, shape.StateSize).repeat_interleave(candidates, 0);
            var nextActions = scope.View(call.Backup.NextActions, 0, (long)call.Batch.Rows * candidates, shape.ActionSize);
            var rated = Network(scope, Layout.Twin, call.Target, false).Minimum(torch.cat([nextActions, nextStates], 1)).view(call.Batch.Rows, candidates);
            nextValue = (torch.nn.functional.softmax(call.Backup.InverseTemperature * rated, 1) * rated).sum(1);
        }

        var twins = Network(scope, Layout.Twin, call.Twin.Parameters, true);
        var loss = TwinLoss(twins, pairs, rows, call.Batch.Data, call.Backup.Discount, nextValue);
        Move(scope, Layout.Twin, call.Twin, twins.Gradient(loss), call.Update.Adam, call.Update.Step);
        device.Vector.PolyakAverage(new() { Target = call.Target, Source = call.Twin.Parameters, Rate = call.Update.TargetRate });
        Report(results, (CriticLosses.Q, loss), (CriticLosses.NextValue, nextValue.mean()));
    }

    public void PolicyStep(in PolicyStepCall call)
    {
        call.Check();
        using var scope = new TensorScope();
        var results = scope.View(call.Losses, 0, CriticLosses.Policy + 1);
        var rows = Batch(scope, call.Batch);
        var (states, pairs) = StatesAndPairs(rows, call.Batch.Data);
        torch.Tensor weights;
        using (torch.no_grad())
        {
            var advantage = Network(scope, Layout.Twin, call.Target, false).Minimum(pairs) - Network(scope, Layout.Value, call.Value, false).EvaluateOne(states).squeeze(1);
            weights = (call.Weighting.Temperature * advantage).exp().clamp(max: call.Weighting.Cap);
        }

        var network = Network(scope, Layout.Policy, call.Policy.Parameters, true);
        var away = network.EvaluateOne(states).tanh() - pairs.narrow(1, 0, shape.ActionSize);
        var loss = (weights * away.square().sum(1)).mean();
        Move(scope, Layout.Policy, call.Policy, network.Gradient(loss), call.Adam, call.Step);
        Report(results, (CriticLosses.Policy, loss));
    }

    public void MinimumQ(in MinimumQCall call)
    {
        int states = AtLeastOne(call.StateCount), candidates = AtLeastOne(call.CandidateCount);
        using var scope = new TensorScope();
        var network = Network(scope, Layout.Twin, call.Twin, false);
        var (s, a, found) = (scope.View(call.States, 0, states, shape.StateSize), scope.View(call.Actions, 0, (long)states * candidates, shape.ActionSize), scope.View(call.Q, 0, states, candidates));
        Evaluate(states, candidates, found, (first, count) => network.Minimum(torch.cat(
            [a.narrow(0, (long)first * candidates, (long)count * candidates), s.narrow(0, first, count).repeat_interleave(candidates, 0)], 1)).view(count, candidates));
    }

    public void Value(in StateEvaluationCall call) => Evaluate(call, Layout.Value, 1, value => value);

    public void Act(in StateEvaluationCall call) => Evaluate(call, Layout.Policy, shape.ActionSize, action => action.tanh());

    public void ActionGradient(in ActionGradientCall call)
    {
        call.Check();
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

    private void Evaluate(in StateEvaluationCall call, MlpLayout layout, int width, Func<torch.Tensor, torch.Tensor> output)
    {
        AtLeastOne(call.Rows);
        using var scope = new TensorScope();
        var network = Network(scope, layout, call.Parameters, false);
        var s = scope.View(call.States, 0, call.Rows, shape.StateSize);
        Evaluate(call.Rows, 1, scope.View(call.Output, 0, call.Rows, width), (first, count) => output(network.EvaluateOne(s.narrow(0, first, count))));
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
        return new AutogradMlp(layout, scope.Parameters(parameters, layout.Slices, 0, trained ? layout.Slices : []), device.Dense);
    }

    // The gradient to its place, or to scratch if it is not wanted; then Adam.
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

        device.Vector.Adam(new()
        {
            Trained = new(arrays.Parameters, gradient, arrays.FirstMoment, arrays.SecondMoment),
            Settings = adam,
            Step = step,
        });
    }
}

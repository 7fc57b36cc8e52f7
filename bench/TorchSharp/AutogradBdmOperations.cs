using EDA.Kernels;
using TorchSharp;
using static EDA.Bench.Torch.TensorScope;

namespace EDA.Bench.Torch;

/// <summary>The operations of the bottleneck diffusion model by autograd, for one model after the other.</summary>
internal sealed class AutogradBdmOperations : IBdmOperations
{
    // Rows that a pass without parameter gradients works on at once: a few hundred megabytes of activations.
    private const int RowsAtOnce = 4096;

    private readonly VarianceSchedule _schedule;
    private readonly AutogradDraws _draws;
    private readonly AutogradLinear _dense;
    private readonly ParameterSlice[] _trained;
    private bool _disposed;

    public AutogradBdmOperations(AutogradDevice device, BdmShape shape, VarianceSchedule schedule, int models)
    {
        (Layout, _schedule, Models) = (new BdmLayout(shape), schedule, AtLeastOne(models));
        (_draws, _dense) = (new AutogradDraws(device, shape, schedule), device.Dense);
        _trained = AutogradNetwork.Trained(Layout);
    }

    public BdmShape Shape => Layout.Shape;

    public BdmLayout Layout { get; }

    public int Models { get; }

    public void Density(in EvaluationCall call) =>
        Evaluate(call, [], false, (network, a, t, s) => network.Density(a, t, s, 1, null));

    public void Score(in EvaluationCall call) =>
        Evaluate(call, [Shape.ActionSize], true, PredictedNoise);

    public void Gaps(in GapsCall call)
    {
        int rows = checked(AtLeastOne(call.Batch.StateCount) * AtLeastOne(call.Batch.CandidateCount));
        for (int m = 0; m < Models; m++)
        {
            using var scope = new TensorScope();
            using var off = torch.no_grad();
            var batch = Candidates(scope, call.Batch, m);
            var found = Network(scope, call.Policy, m).Density(batch.Actions, batch.Times, batch.States, call.Batch.CandidateCount, null)
                - Network(scope, call.Behavior, m).Density(batch.Actions, batch.Times, batch.States, call.Batch.CandidateCount, null);
            scope.Output(call.Gaps, m, Models, rows).copy_(found);
        }
    }

    public void Objective(in ObjectiveCall call)
    {
        AtLeastOne(call.StateCount);
        AtLeastOne(call.CandidateCount);
        for (int m = 0; m < Models; m++)
        {
            using var scope = new TensorScope();
            var delta = scope.Input(call.Gaps, m, Models, call.StateCount, call.CandidateCount).clone().requires_grad_(true);
            var total = Loss(call.Objective, delta, scope.Input(call.Labels, m, Models, call.StateCount, call.CandidateCount));
            var gradient = torch.autograd.grad([total], [delta])[0];
            scope.Output(call.GapsGradient, m, Models, call.StateCount, call.CandidateCount).copy_(gradient);
            scope.Output(call.Loss, m, Models, 1).copy_(total.detach().unsqueeze(0));
        }
    }

    public void DenoisingStep(in DenoisingStepCall call)
    {
        AtLeastOne(call.Rows);
        call.CheckDropout();
        for (int m = 0; m < Models; m++)
        {
            using var scope = new TensorScope();
            var times = _draws.Times(scope, call.Draws.Times, call.Draws.Draw, call.Rows, m, Models);
            var noise = _draws.Noise(scope, call.Draws.Noise, call.Draws.Draw, RandomPurpose.Noise, call.Rows, m, Models);
            var keep = _draws.Keep(scope, call.Draws, call.Rows, m, Models);
            var (alpha, sigma) = Factors(times);
            var diffused = (alpha * scope.Input(call.Actions, m, Models, call.Rows, Shape.ActionSize)) + (sigma * noise);
            var tensors = Parameters(scope, call.Parameters, m, _trained);
            var slope = new AutogradNetwork(Layout, tensors, _dense).ActionGradient(diffused, times, States(scope, call.States, call.Rows, m), 1, keep, differentiable: true);
            var total = ((sigma * slope) + noise).square().sum(1).mean();
            Write(scope, total, tensors, call.Gradient, call.Loss, m);
        }
    }

    public void AlignmentStep(in AlignmentStepCall call)
    {
        AtLeastOne(call.Batch.StateCount);
        AtLeastOne(call.Batch.CandidateCount);
        for (int m = 0; m < Models; m++)
        {
            using var scope = new TensorScope();
            var batch = Candidates(scope, call.Batch, m);
            torch.Tensor frozen;
            using (torch.no_grad())
                frozen = Network(scope, call.Behavior, m).Density(batch.Actions, batch.Times, batch.States, call.Batch.CandidateCount, null);
            var tensors = Parameters(scope, call.Policy, m, _trained);
            var delta = new AutogradNetwork(Layout, tensors, _dense).Density(batch.Actions, batch.Times, batch.States, call.Batch.CandidateCount, null) - frozen;
            var total = Loss(call.Objective, delta.view(call.Batch.StateCount, call.Batch.CandidateCount), scope.Input(call.Labels, m, Models, call.Batch.StateCount, call.Batch.CandidateCount));
            Write(scope, total, tensors, call.Gradient, call.Loss, m);
        }
    }

    public void Sample(in SampleCall call)
    {
        int rows = checked(AtLeastOne(call.StateCount) * AtLeastOne(call.CandidateCount));
        call.CheckStride();
        int part = Math.Max(1, RowsAtOnce / call.CandidateCount);
        for (int m = 0; m < Models; m++)
        {
            using var scope = new TensorScope();
            var network = Network(scope, call.Parameters, m);
            var points = _draws.Start(scope, call, m, Models);
            var all = States(scope, call.States, call.StateCount, m);
            var found = scope.Output(call.Actions, m, Models, rows, Shape.ActionSize);
            for (int first = 0; first < call.StateCount; first += part)
            {
                using var parts = torch.NewDisposeScope();
                int count = Math.Min(part, call.StateCount - first);
                long firstRow = (long)first * call.CandidateCount, rowCount = (long)count * call.CandidateCount;
                var sample = Solve(network, points.narrow(0, firstRow, rowCount), all?.narrow(0, first, count), count, call.CandidateCount, call.Table);
                found.narrow(0, firstRow, rowCount).copy_(sample);
            }
        }
    }

    public void Dispose()
    {
        _disposed = true;
        _draws.Dispose();
    }

    private static torch.Tensor Solve(AutogradNetwork network, torch.Tensor start, torch.Tensor? states, int stateCount, int candidateCount, SolverTable table)
    {
        torch.Tensor x = start, anchor = start;
        torch.Tensor? previous = null, beforePrevious = null;
        foreach (var e in table.Evaluations)
        {
            var times = torch.full([stateCount], e.Time);
            var noise = -e.Sigma * network.ActionGradient(x, times, states, candidateCount, null, differentiable: false);
            var data = (x - (e.Sigma * noise)) / e.Alpha;
            x = (e.AnchorWeight * anchor) + (e.Weight0 * data);
            if (previous is not null)
                x += e.Weight1 * previous;
            if (beforePrevious is not null)
                x += e.Weight2 * beforePrevious;
            (beforePrevious, previous) = (previous, data);
            if (e.MovesAnchor)
                anchor = x;
        }

        return x;
    }

    private static torch.Tensor Loss(in AlignmentObjective objective, torch.Tensor gaps, torch.Tensor labels)
    {
        var shares = torch.nn.functional.log_softmax(objective.Temperature * gaps, 1);
        return objective.Loss == AlignmentLoss.Value
            ? -(torch.nn.functional.softmax(objective.LabelScale * labels, 1) * shares).sum(1).mean()
            : -shares.gather(1, labels.argmax(1, keepdim: true)).mean();
    }

    // ε̂ = −σ ∇f, t for each row.
    private torch.Tensor PredictedNoise(AutogradNetwork network, torch.Tensor actions, torch.Tensor times, torch.Tensor? states) =>
        -Factors(times).Sigma * network.ActionGradient(actions, times, states, 1, null, differentiable: false);

    private void Evaluate(in EvaluationCall call, long[] resultShape, bool differentiated, Func<AutogradNetwork, torch.Tensor, torch.Tensor, torch.Tensor?, torch.Tensor> evaluate)
    {
        int rows = AtLeastOne(call.Rows);
        for (int m = 0; m < Models; m++)
        {
            using var scope = new TensorScope();
            var network = Network(scope, call.Parameters, m);
            var a = scope.Input(call.Actions, m, Models, rows, Shape.ActionSize);
            var t = scope.Input(call.Times, m, Models, rows);
            var s = States(scope, call.States, rows, m);
            var found = scope.Output(call.Output, m, Models, [rows, .. resultShape]);
            for (int first = 0; first < rows; first += RowsAtOnce)
            {
                using var parts = torch.NewDisposeScope();
                using var mode = torch.enable_grad(differentiated);
                int count = Math.Min(RowsAtOnce, rows - first);
                found.narrow(0, first, count).copy_(evaluate(network, a.narrow(0, first, count), t.narrow(0, first, count), s?.narrow(0, first, count)));
            }
        }
    }

    private (torch.Tensor Actions, torch.Tensor Times, torch.Tensor? States) Candidates(TensorScope scope, in CandidateBatch batch, int model)
    {
        int rows = checked((int)batch.Rows);
        var draws = batch.Draws;
        var times = _draws.Times(scope, draws.Times, draws.Draw, batch.StateCount, model, Models);
        var noise = _draws.Noise(scope, draws.Noise, draws.Draw, RandomPurpose.Noise, rows, model, Models);
        var (alpha, sigma) = Factors(times.repeat_interleave(batch.CandidateCount));
        var diffused = (alpha * scope.Input(batch.Candidates, model, Models, rows, Shape.ActionSize)) + (sigma * noise);
        return (diffused, times, States(scope, batch.States, batch.StateCount, model));
    }

    // α and σ of each time, as columns; in float64, as 1 − α² cancels.
    private (torch.Tensor Alpha, torch.Tensor Sigma) Factors(torch.Tensor times)
    {
        var t = times.to_type(torch.ScalarType.Float64).unsqueeze(1);
        var logAlpha = (-0.25 * (_schedule.BetaMax - _schedule.BetaMin) * t * t) - (0.5 * _schedule.BetaMin * t);
        return (logAlpha.exp().to_type(torch.ScalarType.Float32), (-(2 * logAlpha).expm1()).sqrt().to_type(torch.ScalarType.Float32));
    }

    // The gradient of every tensor to its place, zero where there is none.
    private void Write(TensorScope scope, torch.Tensor total, Dictionary<ParameterSlice, torch.Tensor> tensors, DeviceArray<float> gradient, DeviceArray<float> loss, int model)
    {
        var gradients = torch.autograd.grad([total], [.. _trained.Select(slice => tensors[slice])]);
        using var off = torch.no_grad();
        scope.Output(loss, model, Models, 1).copy_(total.unsqueeze(0));
        var places = Parameters(scope, gradient, model, []);
        for (int i = 0; i < _trained.Length; i++)
            places[_trained[i]].copy_(gradients[i]);
        places[Layout.Frequencies].zero_();
        places[Layout.OutputBias].zero_();
    }

    private AutogradNetwork Network(TensorScope scope, DeviceArray<float> parameters, int model) => new(Layout, Parameters(scope, parameters, model, []), _dense);

    private Dictionary<ParameterSlice, torch.Tensor> Parameters(TensorScope scope, DeviceArray<float> parameters, int model, ParameterSlice[] trained)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        // All models' must be there.
        scope.View(parameters, (long)(Models - 1) * Layout.ModelStride, Layout.Length);
        return scope.Parameters(parameters, Layout.Slices, (long)model * Layout.ModelStride, trained);
    }

    private torch.Tensor? States(TensorScope scope, DeviceArray<float>? states, int rows, int model) =>
        Shape.StateSize == 0 ? null
        : states is null ? throw new ArgumentNullException(nameof(states), $"a network with {Shape.StateSize} state variables needs states")
        : scope.Input(states, model, Models, rows, Shape.StateSize);
}

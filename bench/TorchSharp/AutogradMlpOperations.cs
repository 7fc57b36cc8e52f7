using EDA.Kernels;
using TorchSharp;
using static EDA.Bench.Torch.TensorScope;

namespace EDA.Bench.Torch;

/// <summary>The operations of multi-layer perceptrons by autograd, one model after the other.</summary>
internal sealed class AutogradMlpOperations(AutogradDevice device, MlpShape shape, int models) : IMlpOperations
{
    private bool _disposed;

    public MlpShape Shape => shape;

    public MlpLayout Layout { get; } = new(shape, IMlpOperations.NetworkName);

    public int Models { get; } = AtLeastOne(models);

    public void Forward(in MlpForwardCall call)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        long rows = AtLeastOne(call.Rows);
        using var off = torch.no_grad();
        for (int m = 0; m < Models; m++)
        {
            using var scope = new TensorScope();
            var network = new AutogradMlp(Layout, Parameters(scope, call.Parameters, m, []), device.Dense);
            var inputs = scope.Input(call.Inputs, m, Models, rows, shape.InputSize);
            scope.Output(call.Outputs, m, Models, rows, shape.OutputSize).copy_(network.EvaluateOne(inputs));
        }
    }

    public void Gradient(in MlpGradientCall call)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        call.Check();
        long rows = AtLeastOne(call.Rows);
        for (int m = 0; m < Models; m++)
        {
            using var scope = new TensorScope();
            var parameters = Parameters(scope, call.Parameters, m, call.ParametersGradient is null ? [] : Layout.Slices);
            var inputs = scope.Input(call.Inputs, m, Models, rows, shape.InputSize).detach().requires_grad_(call.InputsGradient is not null);
            var outputs = new AutogradMlp(Layout, parameters, device.Dense).EvaluateOne(inputs);
            List<(torch.Tensor By, torch.Tensor Place)> wanted = [];
            if (call.ParametersGradient is { } gradient)
            {
                var places = Parameters(scope, gradient, m, []);
                wanted.AddRange(Layout.Slices.Select(slice => (parameters[slice], places[slice])));
            }

            if (call.InputsGradient is { } inputsGradient)
                wanted.Add((inputs, scope.Output(inputsGradient, m, Models, rows, shape.InputSize)));
            var slope = scope.Input(call.OutputsGradient, m, Models, rows, shape.OutputSize);
            var found = torch.autograd.grad([outputs], [.. wanted.Select(pair => pair.By)], [slope]);
            using var off = torch.no_grad();
            for (int i = 0; i < found.Count; i++)
                wanted[i].Place.copy_(found[i]);
            if (call.Outputs is { } given)
                scope.Output(given, m, Models, rows, shape.OutputSize).copy_(outputs);
        }
    }

    public void Dispose() => _disposed = true;

    private Dictionary<ParameterSlice, torch.Tensor> Parameters(TensorScope scope, DeviceArray<float> array, int model, IReadOnlyCollection<ParameterSlice> trained)
    {
        // The last model's must be there too.
        scope.View(array, 0, ((Models - 1) * (long)Layout.ModelStride) + Layout.Length);
        return scope.Parameters(array, Layout.Slices, model * (long)Layout.ModelStride, trained);
    }
}

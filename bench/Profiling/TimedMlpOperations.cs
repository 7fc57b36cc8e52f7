using EDA.Kernels;

namespace EDA.Bench.Profiling;

/// <summary>The operations of multi-layer perceptrons, each timed. FLOP are those of the matrices, bytes those of the arguments, each array once.</summary>
internal sealed class TimedMlpOperations(IMlpOperations inner, OperationTimer timer) : IMlpOperations
{
    public MlpShape Shape => inner.Shape;

    public MlpLayout Layout => inner.Layout;

    public int Models => inner.Models;

    public void Forward(in MlpForwardCall call)
    {
        using var scope = timer.Measure("mlp_forward", Passes(1, call.Rows), Bytes(1, call.Rows, Shape.InputSize + Shape.OutputSize));
        inner.Forward(call);
    }

    public void Gradient(in MlpGradientCall call)
    {
        int toParameters = call.ParametersGradient is null ? 0 : 1, toInputs = call.InputsGradient is null ? 0 : 1, outputs = call.Outputs is null ? 0 : 1;
        double row = ((1.0 + toInputs) * Shape.InputSize) + ((1.0 + outputs) * Shape.OutputSize);
        using var scope = timer.Measure("mlp_gradient", Passes(2 + toParameters, call.Rows), Bytes(1 + toParameters, call.Rows, row));
        inner.Gradient(call);
    }

    public void Dispose() => inner.Dispose();

    // A pass back is counted down to the input, whether or not that is wanted.
    private double Passes(double passes, double rows) => passes * rows * Shape.ForwardWork * Models;

    private double Bytes(double parameters, double rows, double row) => sizeof(float) * Models * ((parameters * Layout.Length) + (rows * row));
}

using EDA.Kernels;
using EDA.Tests.Golden;

namespace EDA.Tests.Kernels;

/// <summary>
/// Multi-layer perceptrons on a device, one or several of a shape, each operation a call. What an operation writes starts
/// as NaN, so that what it forgets shows.
/// </summary>
public sealed class MlpRun : IDisposable
{
    private readonly IDevice _device;
    private readonly List<IDisposable> _owned = [];
    private readonly MlpInputs[] _inputs;

    public MlpRun(IDevice device, params MlpInputs[] inputs)
    {
        (_device, _inputs) = (device, inputs);
        Operations = Own(device.CreateMlp(inputs[0].Problem.Shape, inputs.Length));
        Rows = inputs[0].Problem.Rows;
        Parameters = Upload(Strided(inputs.Select(model => model.Parameters)));
        Inputs = Own(device.UploadEach(inputs.Select(model => model.Inputs)));
        OutputsGradient = Own(device.UploadEach(inputs.Select(model => model.OutputsGradient)));
    }

    public IMlpOperations Operations { get; }

    public int Rows { get; }

    public DeviceArray<float> Parameters { get; }

    public DeviceArray<float> Inputs { get; }

    public DeviceArray<float> OutputsGradient { get; }

    /// <summary>A gradient of both kinds, and the outputs.</summary>
    public MlpGradientCall GradientCall => new()
    {
        Parameters = Parameters,
        Inputs = Inputs,
        Rows = Rows,
        OutputsGradient = OutputsGradient,
        ParametersGradient = Unwritten(Parameters.Length),
        InputsGradient = Unwritten(Inputs.Length),
        Outputs = Unwritten(OutputsGradient.Length),
    };

    public MlpForwardCall ForwardCall => new() { Parameters = Parameters, Inputs = Inputs, Rows = Rows, Outputs = Unwritten(OutputsGradient.Length) };

    public float[] Forward()
    {
        var call = ForwardCall;
        Operations.Forward(call);
        return Read(call.Outputs);
    }

    /// <summary>Everything the operations give, each model's by name: both gradients together and each by itself.</summary>
    public Dictionary<string, float[]>[] Everything()
    {
        var both = GradientCall;
        var toParameters = both with { ParametersGradient = Unwritten(Parameters.Length), InputsGradient = null, Outputs = null };
        var toInputs = both with { ParametersGradient = null, InputsGradient = Unwritten(Inputs.Length), Outputs = null };
        float[] outputs = Forward();
        foreach (var call in new[] { both, toParameters, toInputs })
            Operations.Gradient(call);
        (string Name, float[] Values)[] all =
        [
            ("outputs", outputs),
            ("outputs beside a gradient", Read(both.Outputs!)),
            ("parameters' gradient", Read(both.ParametersGradient!)),
            ("inputs' gradient", Read(both.InputsGradient!)),
            ("parameters' gradient alone", Read(toParameters.ParametersGradient!)),
            ("inputs' gradient alone", Read(toInputs.InputsGradient!)),
        ];
        return [.. Enumerable.Range(0, _inputs.Length).Select(m => all.ToDictionary(pair => pair.Name, pair => Model(pair.Name, pair.Values, m)))];
    }

    public float[] Read(DeviceArray<float> array)
    {
        _device.Synchronize();
        return array.ToArray();
    }

    public DeviceArray<float> Upload(float[] values) => Own(_device.Upload<float>(values));

    public DeviceArray<float> Unwritten(long length)
    {
        var values = new float[length];
        Array.Fill(values, float.NaN);
        return Upload(values);
    }

    public void Dispose()
    {
        for (int i = _owned.Count - 1; i >= 0; i--)
            _owned[i].Dispose();
    }

    // Parameters at their stride; nothing after the last model's.
    private float[] Strided(IEnumerable<float[]> models)
    {
        var layout = _inputs[0].Layout;
        var values = new float[((_inputs.Length - 1) * layout.ModelStride) + layout.Length];
        Array.Fill(values, float.NaN);
        int offset = 0;
        foreach (float[] model in models)
        {
            model.CopyTo(values, offset);
            offset += layout.ModelStride;
        }

        return values;
    }

    private float[] Model(string name, float[] values, int model)
    {
        var layout = _inputs[0].Layout;
        if (!name.StartsWith("parameters'", StringComparison.Ordinal))
            return values[(model * (values.Length / _inputs.Length))..((model + 1) * (values.Length / _inputs.Length))];

        // What lies between the models is not written.
        int start = model * layout.ModelStride, end = start + layout.Length;
        Assert.All(values[end..Math.Min(start + layout.ModelStride, values.Length)], value => Assert.True(float.IsNaN(value)));
        return values[start..end];
    }

    private T Own<T>(T resource)
        where T : IDisposable
    {
        _owned.Add(resource);
        return resource;
    }
}

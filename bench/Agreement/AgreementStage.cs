using System.Globalization;
using EDA.Engine.Checkpoints;
using EDA.Kernels;

namespace EDA.Bench.Agreement;

/// <summary>
/// A stage with everything that its steps are made of given as numbers, so that two programs can take the same ones:
/// written to a file for the other, taken by the engine through its seam.
/// </summary>
/// <param name="key">The stage's name in files.</param>
/// <param name="title">The stage in words.</param>
/// <param name="size">The sizes.</param>
internal abstract class AgreementStage(string key, string title, AgreementSize size)
{
    private readonly List<NamedTensor> _tensors = [];
    private readonly SortedDictionary<string, string> _constants = new(StringComparer.Ordinal) { ["marks"] = string.Join(' ', Marks) };

    /// <summary>The steps after which drift is looked at; the last is the last step.</summary>
    public static IReadOnlyList<int> Marks { get; } = [1, 10, Steps];

    /// <summary>The stage's name in files.</summary>
    public string Key { get; } = key;

    /// <summary>The stage in words.</summary>
    public string Title { get; } = title;

    /// <summary>The steps of a stage.</summary>
    protected const int Steps = 50;

    /// <summary>The sizes.</summary>
    protected AgreementSize Size { get; } = size;

    /// <summary>The diffusion model.</summary>
    protected BdmShape Shape => Size.Shape;

    /// <summary>Whether there are steps; else numbers are compared as they are.</summary>
    public virtual bool Trains => true;

    /// <summary>Every stage at a size.</summary>
    public static IReadOnlyList<AgreementStage> All(AgreementSize size) =>
    [
        new BehaviorStage(size), new ImplicitStage(size), new SoftmaxStage(size), new SamplingStage(size),
        new AlignmentStage(size, AlignmentLoss.Value), new AlignmentStage(size, AlignmentLoss.Preference),
        new GaussianStage(size, isWeighed: true), new GaussianStage(size, isWeighed: false),
        new QgpoStage(size), new Td3BcStage(size), new DiffusionQlStage(size),
        new VaeStage(size),
    ];

    /// <summary>Writes the stage down for the other program.</summary>
    public void Write(string folder) => Safetensors.Write(Path.Combine(folder, Key + ".safetensors"), _tensors, _constants);

    /// <summary>Takes the steps on a device.</summary>
    public abstract Course Run(IDevice device);

    /// <summary>Reads what another program wrote.</summary>
    public static Course Read(string path)
    {
        var (losses, moved) = (new Dictionary<string, float[]>(), new Dictionary<(int, string), float[]>());
        foreach (var tensor in Safetensors.Read(path).Tensors)
        {
            if (tensor.Name.Split('/') is [var step, var network])
                moved[(int.Parse(step, CultureInfo.InvariantCulture), network)] = tensor.Values;
            else
                losses[tensor.Name] = tensor.Values;
        }

        return new Course(losses, moved);
    }

    /// <summary>Gives a constant, in float32 where a device takes it so.</summary>
    protected double Constant(string name, double value)
    {
        _constants[name] = value.ToString("R", CultureInfo.InvariantCulture);
        return value;
    }

    /// <summary>Gives an array.</summary>
    protected float[] Tensor(string name, int[] shape, Func<float> value)
    {
        var values = new float[shape.Aggregate(1, (product, length) => checked(product * length))];
        for (int i = 0; i < values.Length; i++)
            values[i] = value();
        _tensors.Add(new NamedTensor(name, shape, values));
        return values;
    }

    /// <summary>Gives the initial weights of a network.</summary>
    protected float[] Network(string name, IReadOnlyList<ParameterSlice> slices, float[] parameters)
    {
        _tensors.AddRange(slices.Select(slice => new NamedTensor($"{name}/{slice.Name}", slice.Dimensions, parameters[slice.Offset..(slice.Offset + slice.Length)])));
        return parameters;
    }

    /// <summary>The part of an array that is a step's.</summary>
    protected static ReadOnlySpan<float> Of(float[] values, int step) => values.AsSpan(step * (values.Length / Steps), values.Length / Steps);
}

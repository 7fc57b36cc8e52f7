using System.Text.RegularExpressions;
using EDA.Kernels;

namespace EDA.Engine.Checkpoints;

/// <summary>Which of the published code's modules a file of weights is for.</summary>
public enum PublishedModule
{
    /// <summary>The pretrained behavior, <c>diffusion_behavior.</c></summary>
    Behavior,

    /// <summary>The aligned policy, <c>diffusion_policy.</c></summary>
    Policy,
}

/// <summary>
/// The weights of a bottleneck diffusion model in the host's memory, and as a .safetensors file under the PyTorch
/// names of the method's section 2.
/// </summary>
public sealed partial class BdmWeights
{
    private const string What = "the weights of a bottleneck diffusion model";

    /// <summary>Makes weights from a flat array.</summary>
    /// <param name="layout">The order of the parameters.</param>
    /// <param name="parameters">θ [P], kept.</param>
    /// <exception cref="ArgumentException">The array is not as long as the layout.</exception>
    public BdmWeights(BdmLayout layout, float[] parameters)
    {
        if (parameters.Length != layout.Length)
            throw new ArgumentException($"{parameters.Length} numbers for {layout.Length} parameters", nameof(parameters));
        Layout = layout;
        Parameters = parameters;
    }

    /// <summary>The order of the parameters, and the sizes of the network.</summary>
    public BdmLayout Layout { get; }

    /// <summary>θ [P].</summary>
    public float[] Parameters { get; }

    /// <summary>
    /// Reads weights under any prefix. Sizes are inferred from the tensors' shapes; the published code's unused
    /// <c>residual</c> layers are ignored.
    /// </summary>
    /// <param name="path">The .safetensors file.</param>
    /// <param name="prefix">The prefix of the names, where the file holds several networks; tensors outside it are then ignored.</param>
    /// <returns>The weights.</returns>
    /// <exception cref="InvalidFileException">The file is broken, or tensors are missing, left over, of the wrong shape, or no finite numbers: the message names them.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static BdmWeights Load(string path, string? prefix = null) => Load(path, prefix, Safetensors.Read);

    /// <summary>
    /// Reads weights that a stage of a run left, NaN and all: its last step may have diverged unseen. Of several seeds one
    /// ends so and the others go on, and whoever uses the weights says at which step.
    /// </summary>
    /// <param name="path">The .safetensors file.</param>
    /// <returns>The weights.</returns>
    /// <exception cref="InvalidFileException">The file is broken, or tensors are missing, left over or of the wrong shape: the message names them.</exception>
    internal static BdmWeights LoadLeft(string path) => Load(path, null, Safetensors.ReadUnchecked);

    private static BdmWeights Load(string path, string? prefix, Func<string, Func<string, bool>?, SafetensorsContent> read)
    {
        var entries = Safetensors.List(path);
        string start = prefix ?? FindPrefix(path, [.. entries.Select(entry => entry.Name)]);
        if (prefix is null && start.Length > 0 && entries.FirstOrDefault(entry => !entry.IsReadable && !entry.Name.StartsWith(start, StringComparison.Ordinal)) is { } other)
            throw new InvalidFileException(path, $"{other.Name} holds {other.Type} and is none of the weights; name their prefix, '{start}', and it is left alone");
        var tensors = read(path, prefix is null ? null : name => name.StartsWith(start, StringComparison.Ordinal)).Tensors;
        var own = tensors.Where(tensor => tensor.Name.StartsWith(start, StringComparison.Ordinal));
        var layout = new BdmLayout(InferShape(path, own.ToDictionary(tensor => tensor.Name[start.Length..])));
        var match = new TensorMatch(tensors);
        float[] parameters = match.Take(layout.Slices, start, layout.Length);
        match.Ignore(name => name.StartsWith(start, StringComparison.Ordinal) && UnusedLayer().IsMatch(name[start.Length..]));
        match.Finish(path, What);
        return new BdmWeights(layout, parameters);
    }

    /// <summary>Writes the weights under their own names, without prefix.</summary>
    /// <param name="path">The .safetensors file.</param>
    /// <param name="overwrite">Whether a file of that name may be replaced.</param>
    /// <param name="metadata">Free text by key.</param>
    /// <exception cref="IOException">The file exists and may not be replaced, or it cannot be written.</exception>
    public void Save(string path, bool overwrite = false, IReadOnlyDictionary<string, string>? metadata = null) =>
        Safetensors.Write(path, Tensors(string.Empty), metadata, overwrite, checksum: true);

    /// <summary>
    /// Writes the weights as the published code's strict load wants them: its module's prefix, and a zero
    /// <c>residual</c> layer (weight [H×H], bias [H]) in each block.
    /// </summary>
    /// <param name="path">The .safetensors file.</param>
    /// <param name="module">Whose weights they are.</param>
    /// <param name="overwrite">Whether a file of that name may be replaced.</param>
    /// <exception cref="IOException">The file exists and may not be replaced, or it cannot be written.</exception>
    public void SavePublished(string path, PublishedModule module, bool overwrite = false)
    {
        string prefix = Setting.Known(module, nameof(module)) == PublishedModule.Behavior ? "diffusion_behavior." : "diffusion_policy.";
        var tensors = Tensors(prefix);
        int width = Layout.Shape.Width;
        for (int l = 0; l < Layout.Shape.Blocks; l++)
        {
            tensors.Add(new NamedTensor($"{prefix}main.blocks.{l}.residual.weight", [width, width], new float[width * width]));
            tensors.Add(new NamedTensor($"{prefix}main.blocks.{l}.residual.bias", [width], new float[width]));
        }

        Safetensors.Write(path, tensors, null, overwrite);
    }

    private List<NamedTensor> Tensors(string prefix) =>
        [.. NamedTensor.Of(Layout.Slices, prefix, Parameters)];

    private static string FindPrefix(string path, List<string> names)
    {
        var prefixes = names
            .Select(name => KnownName().Match(name))
            .Where(match => match.Success)
            .Select(match => match.Groups["prefix"].Value)
            .Distinct()
            .ToList();
        return prefixes.Count switch
        {
            1 => prefixes[0],
            0 => throw new InvalidFileException(path, $"not {What}: no tensor has a known name; " + (names.Count == 0 ? "there is none" : TensorMatch.Fault("there are", names))),
            _ => throw new InvalidFileException(path, $"holds several networks; name one of the prefixes {string.Join(", ", prefixes.Select(prefix => $"'{prefix}'"))}"),
        };
    }

    private static BdmShape InferShape(string path, Dictionary<string, NamedTensor> tensors)
    {
        // Several tensors tell each size: the first that is there decides, and the others are checked against it.
        int? Size(string name, int dimension) =>
            tensors.TryGetValue(name, out var tensor) && tensor.Shape.Count > dimension ? tensor.Shape[dimension] : null;
        int? width = Size("main.fc.weight", 0) ?? Size("main.fc.bias", 0) ?? Size("main.out_fc.weight", 1);
        int? actionSize = Size("main.out_fc.weight", 0) ?? Size("main.out_fc.bias", 0) ?? Size("dense2.weight", 1);
        bool hasState = tensors.Keys.Any(name => name.StartsWith("dense3.", StringComparison.Ordinal) || name.StartsWith("cond_model.0.", StringComparison.Ordinal));
        int stateSize = hasState ? Size("dense3.weight", 1) ?? 1 : 0;
        int blocks = tensors.Keys
            .Where(name => !UnusedLayer().IsMatch(name))
            .Select(name => BlockName().Match(name))
            .Where(match => match.Success)
            .Select(match => match.Groups["block"].Value)
            .Distinct()
            .Count();

        if (width is not { } h)
            throw new InvalidFileException(path, $"not {What}: missing main.fc.weight, which tells the width");
        if (actionSize is not { } a)
            throw new InvalidFileException(path, $"not {What}: missing main.out_fc.weight, which tells the number of action variables");
        if (blocks == 0)
            throw new InvalidFileException(path, $"not {What}: missing main.blocks.0.fc1.weight and all other tensors of residual blocks");
        try
        {
            return new BdmShape(stateSize, a, h, blocks);
        }
        catch (ArgumentOutOfRangeException error)
        {
            throw new InvalidFileException(path, $"tensor shapes ask for stateSize {stateSize}, actionSize {a}, width {h}, blocks {blocks}; {error.Message.Split(" (")[0]}", error);
        }
    }

    [GeneratedRegex(@"^(?<prefix>(.+\.)?)(embed\.0\.W|cond_model\.(0\.)?(weight|bias)|dense[123]\.(weight|bias)|main\.(fc|out_fc|blocks\.\d+\.(layer_norm|fc1|fc2|residual))\.(weight|bias))$", RegexOptions.ExplicitCapture)]
    private static partial Regex KnownName();

    [GeneratedRegex(@"^main\.blocks\.(?<block>\d+)\.", RegexOptions.ExplicitCapture)]
    private static partial Regex BlockName();

    [GeneratedRegex(@"^main\.blocks\.\d+\.residual\.(weight|bias)$", RegexOptions.ExplicitCapture)]
    private static partial Regex UnusedLayer();
}

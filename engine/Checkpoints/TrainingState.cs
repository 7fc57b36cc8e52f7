using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace EDA.Engine.Checkpoints;

/// <summary>
/// Everything the next step of a stage depends on, as a .safetensors file: flat arrays by name, and as metadata the
/// step and an identity that says which run it belongs to.
/// </summary>
/// <param name="Step">The steps done.</param>
/// <param name="Identity">What must be the same for a run to go on from here, by key.</param>
/// <param name="Arrays">The arrays.</param>
internal sealed record TrainingState(long Step, IReadOnlyDictionary<string, string> Identity, IReadOnlyDictionary<string, float[]> Arrays)
{
    private const string FormatKey = "format";
    private const string Format = "eda training state 1";
    private const string StepKey = "step";

    private static readonly JsonSerializerOptions _json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>A settings record as the text of an identity.</summary>
    public static string Describe(object settings) => JsonSerializer.Serialize(settings, settings.GetType(), _json);

    public void Save(string path)
    {
        var metadata = new Dictionary<string, string>(Identity)
        {
            [FormatKey] = Format,
            [StepKey] = Step.ToString(CultureInfo.InvariantCulture),
        };
        Safetensors.Write(path, [.. Arrays.Select(array => new NamedTensor(array.Key, [array.Value.Length], array.Value))], metadata, overwrite: true);
    }

    /// <summary>Reads a state and refuses one of another run.</summary>
    public static TrainingState Load(string path, IReadOnlyDictionary<string, string> identity)
    {
        var content = Safetensors.Read(path);
        if (content.Metadata.GetValueOrDefault(FormatKey) != Format)
            throw new InvalidFileException(path, "not a saved state of training");
        foreach (var (key, value) in identity)
        {
            string? found = content.Metadata.GetValueOrDefault(key);
            if (found != value)
                throw new InvalidFileException(path, $"belongs to another run: its {key} is {found ?? "not given"} and not {value}");
        }

        if (!long.TryParse(content.Metadata.GetValueOrDefault(StepKey), NumberStyles.None, CultureInfo.InvariantCulture, out long step))
            throw new InvalidFileException(path, "does not say how many steps were done");
        return new TrainingState(step, identity, content.Tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.Values));
    }
}

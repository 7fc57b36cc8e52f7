using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
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
    /// <summary>The key of the settings, as <see cref="Describe"/> tells them.</summary>
    public const string SettingsKey = "settings";

    /// <summary>The key of the seed.</summary>
    public const string SeedKey = "seed";

    private const string FormatKey = "format";
    private const string Format = "eda training state 1";
    private const string StepKey = "step";

    // A key that stands twice is nobody's settings.
    private static readonly JsonDocumentOptions _strict = new() { AllowDuplicateProperties = false };

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

    /// <summary>The steps that a saved state had done, whichever run it belongs to.</summary>
    public static long StepOf(string path) => StepOf(path, Safetensors.ReadMetadata(path));

    /// <summary>Reads a state and refuses one of another run.</summary>
    public static TrainingState Load(string path, IReadOnlyDictionary<string, string> identity)
    {
        // Numbers of float64 stand in two words of float32 each, of which one may be no number. Weights that are none end
        // the stage at its next step.
        var content = Safetensors.ReadUnchecked(path);
        long step = StepOf(path, content.Metadata);
        foreach (var (key, value) in identity)
        {
            string? found = content.Metadata.GetValueOrDefault(key);
            if (found != value)
                throw key == SettingsKey && FirstDifference(found, value, known: false) is { } difference ? difference.Refusal(path) : new Difference(key, found, value).Refusal(path);
        }

        return new TrainingState(step, identity, content.Tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.Values));
    }

    /// <summary>
    /// Refuses a state of other settings or another seed, whatever data it was trained on. A setting that the state does
    /// not know, because it is older than the setting, is no reason.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="settings">All settings that its weights depend on.</param>
    /// <param name="seed">The seed.</param>
    public static void RequireSettings(string path, object settings, ulong seed) =>
        RequireSettings(path, Safetensors.ReadMetadata(path), settings, seed);

    /// <summary>The same of any file that carries an identity.</summary>
    /// <param name="path">The file.</param>
    /// <param name="found">Its identity.</param>
    /// <param name="settings">All settings that its contents depend on.</param>
    /// <param name="seed">The seed.</param>
    public static void RequireSettings(string path, IReadOnlyDictionary<string, string> found, object settings, ulong seed)
    {
        string asked = seed.ToString(CultureInfo.InvariantCulture);
        if (found.GetValueOrDefault(SeedKey) is { } before && before != asked)
            throw new Difference(SeedKey, before, asked).Refusal(path);
        if (FirstDifference(found.GetValueOrDefault(SettingsKey), Describe(settings), known: true) is { } difference)
            throw difference.Refusal(path);
    }

    /// <summary>Where two settings first differ, by the path that names it; null where they do not.</summary>
    /// <param name="before">Settings as <see cref="Describe"/> tells them.</param>
    /// <param name="now">Others.</param>
    /// <param name="known">Whether to look only at what both have.</param>
    private static Difference? FirstDifference(string? before, string now, bool known)
    {
        try
        {
            return before is null ? null : Compare(string.Empty, JsonNode.Parse(before, documentOptions: _strict), JsonNode.Parse(now));
        }
        catch (JsonException)
        {
            return null;
        }

        Difference? Compare(string path, JsonNode? before, JsonNode? now)
        {
            if (before is not JsonObject old || now is not JsonObject fresh)
                return JsonNode.DeepEquals(before, now) ? null : new Difference(path, before?.ToJsonString(), now?.ToJsonString());
            return fresh.Select(entry => entry.Key).Union(known ? [] : old.Select(entry => entry.Key))
                .Where(key => !known || old.ContainsKey(key))
                .Select(key => Compare(path.Length == 0 ? key : $"{path}.{key}", old[key], fresh[key]))
                .FirstOrDefault(difference => difference is not null);
        }
    }

    private static long StepOf(string path, IReadOnlyDictionary<string, string> metadata)
    {
        if (metadata.GetValueOrDefault(FormatKey) != Format)
            throw new InvalidFileException(path, "not a saved state of training");
        return long.TryParse(metadata.GetValueOrDefault(StepKey), NumberStyles.None, CultureInfo.InvariantCulture, out long step)
            ? step
            : throw new InvalidFileException(path, "does not say how many steps were done");
    }

    private sealed record Difference(string Name, string? Before, string? Now)
    {
        public InvalidFileException Refusal(string path) => new(path, $"belongs to another run: its {Name} is {Before ?? "not given"} and not {Now ?? "that"}");
    }
}

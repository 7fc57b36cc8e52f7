using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Engine.Checkpoints;

/// <summary>What has been measured since the last report.</summary>
/// <param name="Steps">The steps since then.</param>
/// <param name="Means">The means over them, by what is measured.</param>
internal sealed record ReportMeans(int Steps, float[] Means);

/// <summary>
/// Everything the next step of a stage, and its next report, depends on, as a .safetensors file: flat arrays by name,
/// and as metadata the step, an identity that says which run it belongs to, and a checksum of all of it. The state
/// before stays beside it.
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

    /// <summary>The key of the precision of matrix products, where it is not fp32.</summary>
    public const string PrecisionKey = "precision";

    private const string Fp32 = "fp32";
    private const string FormatKey = "format";
    private const string Format = "eda training state 2";
    private const string StepKey = "step";
    private const string ReportKey = "report";

    // Up to version 0.1: without a checksum.
    private const string UncheckedFormat = "eda training state 1";

    // A key that occurs twice is an error.
    private static readonly JsonDocumentOptions _strict = new() { AllowDuplicateProperties = false };

    private static readonly JsonSerializerOptions _json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>A settings record as the text of an identity.</summary>
    public static string Describe(object settings) => JsonSerializer.Serialize(settings, settings.GetType(), _json);

    /// <summary>An identity with the precision in which a device multiplies.</summary>
    /// <param name="identity">The rest of it.</param>
    /// <param name="device">The device.</param>
    /// <returns>The identity.</returns>
    public static Dictionary<string, string> On(Dictionary<string, string> identity, IDevice device)
    {
        if (device.PrecisionName != Fp32)
            identity[PrecisionKey] = device.PrecisionName;
        return identity;
    }

    /// <summary>What has been measured since the last report; null where nothing has.</summary>
    public ReportMeans? Report { get; init; }

    /// <summary>Refuses to be written down where there are numbers that are none: nothing could go on from it.</summary>
    /// <param name="stage">The stage, for the message.</param>
    /// <exception cref="TrainingDivergedException">There are.</exception>
    public void RequireNumbers(string stage)
    {
        // An optimizer's arrays are named after what it moves, and may hold more than numbers.
        foreach (var (name, values) in Arrays.Where(array => !array.Key.Contains('.', StringComparison.Ordinal)))
        {
            if (Array.FindIndex(values, value => !float.IsFinite(value)) is >= 0 and int index)
                throw new TrainingDivergedException(stage, Step, $"{name}[{index}] is {values[index]}");
        }
    }

    /// <summary>Writes the state; the one that was there stays beside it.</summary>
    public void Save(string path)
    {
        var metadata = new Dictionary<string, string>(Identity)
        {
            [FormatKey] = Format,
            [StepKey] = Step.ToString(CultureInfo.InvariantCulture),
        };
        List<NamedTensor> tensors = [.. Arrays.Select(array => new NamedTensor(array.Key, [array.Value.Length], array.Value))];
        if (Report is { } report)
        {
            metadata[ReportKey] = report.Steps.ToString(CultureInfo.InvariantCulture);
            tensors.Add(new NamedTensor(ReportKey, [report.Means.Length], report.Means));
        }

        StateFile.Write(path, file => Safetensors.Write(file, tensors, metadata, checksum: true), file => ReadWhole(file));
    }

    /// <summary>The steps that a saved state had done, whichever run it belongs to; of the state before where the newest cannot be read.</summary>
    public static long StepOf(string path) => OfReadable(path, StepOf);

    /// <summary>Reads a state and refuses one of another run. Where the newest is damaged, it is the one before.</summary>
    /// <param name="path">The file.</param>
    /// <param name="identity">What it belongs to.</param>
    /// <param name="notice">Is told where the newest is not the one that is read.</param>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="InvalidFileException">None is whole, or it belongs to another run.</exception>
    public static TrainingState Load(string path, IReadOnlyDictionary<string, string> identity, Action<string>? notice = null) =>
        LoadTogether([path], [identity], notice)[0];

    /// <summary>Reads the states of what goes on together, all of one step: the newest that every one of them has whole.</summary>
    /// <param name="paths">The files.</param>
    /// <param name="identities">What each belongs to.</param>
    /// <param name="notice">Is told where the newest is not the one that is read.</param>
    /// <exception cref="FileNotFoundException">One has none.</exception>
    /// <exception cref="InvalidFileException">There is no such step, or one belongs to another run.</exception>
    public static IReadOnlyList<TrainingState> LoadTogether(IReadOnlyList<string> paths, IReadOnlyList<IReadOnlyDictionary<string, string>> identities, Action<string>? notice = null)
    {
        if (paths.FirstOrDefault(path => !StateFile.Exists(path)) is { } missing && paths.FirstOrDefault(StateFile.Exists) is { } there)
            throw new InvalidFileException(missing, $"is missing where {there} is there; the two go together");
        var found = paths.Select(path => new Found(path)).ToList();
        long step = Common();
        if (step < 0)
        {
            // A kill between two of them, or a damaged one: then those before have a say.
            foreach (var each in found)
                each.ReadBefore();
            step = Common();
        }

        if (step < 0)
            throw found.Select(each => each.Damage).FirstOrDefault(damage => damage is not null) is { } damage ? Damaged(damage) : new InvalidFileException(
                paths[^1], $"is {found[^1].Steps.Max()} steps old where {paths[0]} is {found[0].Steps.Max()}; the two go together");
        foreach (var damage in found.Select(each => each.Damage).OfType<InvalidFileException>())
            notice?.Invoke($"{damage.Message}; the state before it, {step} steps old, is gone on from");
        return [.. found.Select((each, i) => each.Of(step, identities[i]))];

        long Common() => found[0].Steps.Where(step => found.All(each => each.Steps.Contains(step))).DefaultIfEmpty(-1).Max();
    }

    /// <summary>
    /// Refuses a state of other settings or another seed, whatever data it was trained on. A setting that the state does
    /// not know, because it is older than the setting, is no reason.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="settings">All settings that its weights depend on.</param>
    /// <param name="seed">The seed.</param>
    public static void RequireSettings(string path, object settings, ulong seed) =>
        OfReadable(path, (file, metadata) =>
        {
            RequireSettings(file, metadata, settings, seed);
            return true;
        });

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
        if (metadata.GetValueOrDefault(FormatKey) is not (Format or UncheckedFormat))
            throw new InvalidFileException(path, "not a saved state of training");
        return long.TryParse(metadata.GetValueOrDefault(StepKey), NumberStyles.None, CultureInfo.InvariantCulture, out long step)
            ? step
            : throw new InvalidFileException(path, "does not say how many steps were done");
    }

    // What a header says, the newest that can be read.
    private static T OfReadable<T>(string path, Func<string, IReadOnlyDictionary<string, string>, T> say)
    {
        InvalidFileException? damage = null;
        foreach (string file in StateFile.All(path).DefaultIfEmpty(path))
        {
            IReadOnlyDictionary<string, string> metadata;
            try
            {
                metadata = Safetensors.ReadMetadata(file);
            }
            catch (InvalidFileException error)
            {
                damage ??= error;
                continue;
            }

            return say(file, metadata);
        }

        throw Damaged(damage!);
    }

    private static InvalidFileException Damaged(InvalidFileException error) =>
        new(error.Path, $"is damaged ({error.Reason}), and there is none before it that is whole; without it the stage begins anew", error);

    private static SafetensorsContent ReadWhole(string path)
    {
        // Numbers of float64 stand in two words of float32 each, of which one may be no number.
        var content = Safetensors.ReadUnchecked(path);
        StepOf(path, content.Metadata);
        return content.Metadata[FormatKey] == UncheckedFormat || content.Metadata.ContainsKey(TensorChecksum.Key) ? content : throw new InvalidFileException(path, "has no checksum");
    }

    /// <summary>The states of one file that are there and whole.</summary>
    private sealed class Found
    {
        private readonly List<(string Path, long Step, SafetensorsContent Content)> _whole = [];
        private readonly string? _before;

        public Found(string path)
        {
            string[] files = [.. StateFile.All(path).DefaultIfEmpty(path)];
            _before = files is [_, var before] ? before : null;
            Read(files[0]);
        }

        /// <summary>What is wrong with the newest; null where it is whole.</summary>
        public InvalidFileException? Damage { get; private set; }

        /// <summary>Reads the state before the newest, too.</summary>
        public void ReadBefore()
        {
            if (_before is not null)
                Read(_before);
        }

        public IEnumerable<long> Steps => _whole.Select(state => state.Step);

        public TrainingState Of(long step, IReadOnlyDictionary<string, string> identity)
        {
            var (path, _, content) = _whole.First(state => state.Step == step);
            string now = identity.GetValueOrDefault(PrecisionKey) ?? Fp32, before = content.Metadata.GetValueOrDefault(PrecisionKey) ?? Fp32;
            if (now != before)
                throw new Difference(PrecisionKey, before, now).Refusal(path);
            foreach (var (key, value) in identity)
            {
                string? found = content.Metadata.GetValueOrDefault(key);
                if (found != value)
                    throw key == SettingsKey && FirstDifference(found, value, known: false) is { } difference ? difference.Refusal(path) : new Difference(key, found, value).Refusal(path);
            }

            var arrays = content.Tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.Values);
            var report = arrays.Remove(ReportKey, out float[]? means) && int.TryParse(content.Metadata.GetValueOrDefault(ReportKey), NumberStyles.None, CultureInfo.InvariantCulture, out int steps)
                ? new ReportMeans(steps, means)
                : null;
            return new TrainingState(step, identity, arrays) { Report = report };
        }

        private void Read(string file)
        {
            try
            {
                var content = ReadWhole(file);
                _whole.Add((file, StepOf(file, content.Metadata), content));
            }
            catch (InvalidFileException damage)
            {
                Damage ??= damage;
            }
        }
    }

    private sealed record Difference(string Name, string? Before, string? Now)
    {
        public InvalidFileException Refusal(string path) => new(path, $"belongs to another run: its {Name} is {Before ?? "not given"} and not {Now ?? "that"}");
    }
}

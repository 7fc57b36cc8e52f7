using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using EDA.Engine;
using EDA.Engine.Baselines;
using EDA.Engine.Files;
using EDA.Engine.Runs;
using EDA.Host.CommandLine;
using EDA.Host.Commands;
using EDA.Host.Runs;

namespace EDA.Host.Experiments;

/// <summary>
/// What a sweep is: recipes, the settings that vary and their values, seeds, and the options that all runs have. It is
/// written down in sweep.json, from which everything else follows.
/// </summary>
/// <param name="Recipes">The recipes' names.</param>
/// <param name="Grid">The values of each setting that varies, as `--set` would take them, by its path.</param>
/// <param name="Seeds">The seeds, rising.</param>
/// <param name="Options">What all runs are asked for, as the words of a command line.</param>
/// <param name="Datasets">The dataset's file by recipe, for those that need one.</param>
/// <param name="Digests">The SHA-256 of each of these files.</param>
internal sealed record SweepDefinition(
    IReadOnlyList<string> Recipes,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Grid,
    IReadOnlyList<ulong> Seeds,
    IReadOnlyList<string> Options,
    IReadOnlyDictionary<string, string> Datasets,
    IReadOnlyDictionary<string, string> Digests)
{
    /// <summary>The file's name.</summary>
    public const string FileName = "sweep.json";

    /// <summary>The grid's key of the method.</summary>
    public const string MethodKey = "method";

    private const int MostRuns = 10_000;
    private const string SetOption = "--set";

    // Settings that others follow from, which only an option changes.
    private static readonly Dictionary<string, string> _options = new() { [MethodKey] = "--method", ["critic.method"] = "--critic" };

    /// <summary>Settings that vary together, a point of several at a time, each crossed with the grid; none for the grid alone.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, string>> Together { get; init; } = [];

    /// <summary>The runs, one for each point of the grid.</summary>
    /// <returns>Each run's name, fit for a folder, and what it is asked for.</returns>
    /// <exception cref="UserError">A setting is not allowed, two values are one, or there are too many runs.</exception>
    public IReadOnlyList<(string Name, RunRequest Request)> Runs()
    {
        long count = Grid.Values.Aggregate((long)Recipes.Count * Seeds.Count * Math.Max(1, Together.Count), (product, values) => product * values.Count);
        if (count > MostRuns)
            throw UserError.Value("--grid", string.Create(CultureInfo.InvariantCulture, $"{count} runs"), $"at most {MostRuns} runs in all");
        var runs = new List<(string Name, RunRequest Request)>();
        foreach (string recipe in Recipes)
        {
            foreach (var point in Points())
            {
                foreach (ulong seed in Seeds)
                    runs.Add((NameOf(recipe, point, seed), Request(recipe, point, seed)));
            }
        }

        if (runs.GroupBy(run => (run.Request.Task.Name, run.Request.Settings)).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw UserError.Value("--grid", string.Join(" and ", twice.Select(run => run.Name)), "values that differ: these are one run");
        return runs;
    }

    /// <summary>Reads a sweep.</summary>
    /// <param name="folder">Its folder.</param>
    /// <returns>What it is.</returns>
    /// <exception cref="UserError">There is none.</exception>
    /// <exception cref="InvalidFileException">sweep.json is broken.</exception>
    public static SweepDefinition Load(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
            throw UserError.Value("DIR", folder, $"the folder of a sweep, with its {FileName}");
        try
        {
            var read = JsonSerializer.Deserialize<SweepDefinition>(File.ReadAllText(path), SettingPaths.Json);
            if (read is { Recipes.Count: > 0, Grid: not null, Seeds.Count: > 0, Options: not null, Datasets: not null, Digests: not null, Together: not null })
                return read;
        }
        catch (JsonException)
        {
        }

        throw new InvalidFileException(path, "is not the definition of a sweep");
    }

    /// <summary>Writes it down; what was there stays until all of it is written.</summary>
    /// <param name="folder">The sweep's folder.</param>
    public void Save(string folder) => WholeFile.Write(
        Path.Combine(folder, FileName), overwrite: true, file => File.WriteAllText(file, JsonSerializer.Serialize(this, SettingPaths.Json).ReplaceLineEndings("\n") + "\n"));

    private RunRequest Request(string recipe, IReadOnlyList<(string Path, string Value)> point, ulong seed)
    {
        var options = new RunOptions();
        var command = new Command("run");
        options.AddTo(command);
        string[] words =
        [
            .. OptionsOf(recipe, point), .. Datasets.TryGetValue(recipe, out string? file) ? (string[])["--dataset", file] : [],
            .. point.SelectMany(setting => _options.TryGetValue(setting.Path, out string? option) ? (string[])[option, setting.Value] : [SetOption, $"{setting.Path}={setting.Value}"]), "--seed", seed.ToString(CultureInfo.InvariantCulture),
        ];
        var parsed = command.Parse(words, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        if (parsed.Errors.Count > 0)
            throw new UserError(parsed.Errors[0].Message.ReplaceLineEndings(" "));
        return options.Read(parsed, recipe) with { Sha256 = Digests.GetValueOrDefault(recipe) };
    }

    // A setting that all runs have is given to those whose method looks at it.
    private IEnumerable<string> OptionsOf(string recipe, IReadOnlyList<(string Path, string Value)> point)
    {
        var kind = RunTask.Table.Find(recipe).Kind;
        if (point.FirstOrDefault(setting => setting.Path == MethodKey).Value is not { } name || !Method.Table.Names.Contains(name))
            return Options;
        var words = new List<string>();
        for (int i = 0; i < Options.Count; i++)
        {
            if (Options[i] == SetOption && i + 1 < Options.Count && IsAnothers(Options[i + 1].Split('=')[0].Trim()))
                i++;
            else
                words.Add(Options[i]);
        }

        return words;

        bool IsAnothers(string key) => !SettingPaths.Knows(kind, Method.Table.Find(name), key)
            && Points().SelectMany(other => other).Where(setting => setting.Path == MethodKey && Method.Table.Names.Contains(setting.Value)).Any(setting => SettingPaths.Knows(kind, Method.Table.Find(setting.Value), key));
    }

    private IEnumerable<IReadOnlyList<(string Path, string Value)>> Points()
    {
        IEnumerable<IReadOnlyList<(string, string)>> points = Together.Count == 0 ? [[]] : [.. Together.Select(point => point.Select(setting => (setting.Key, setting.Value)).ToList())];
        foreach (var (path, values) in Grid)
            points = [.. points.SelectMany(point => values.Select(value => (IReadOnlyList<(string, string)>)[.. point, (path, value)]))];
        return points;
    }

    /// <summary>The settings that vary.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Keys => [.. Together.SelectMany(point => point.Keys).Concat(Grid.Keys).Distinct()];

    // The shortest end of a path that tells it from the others.
    private string NameOf(string recipe, IReadOnlyList<(string Path, string Value)> point, ulong seed)
    {
        var settings = point.Select(setting =>
        {
            string[] parts = setting.Path.Split('.');
            int length = Enumerable.Range(1, parts.Length).FirstOrDefault(n => Keys.Count(other => ('.' + other).EndsWith('.' + string.Join('.', parts[^n..]), StringComparison.Ordinal)) == 1, parts.Length);
            return $"-{string.Join('.', parts[^length..])}={string.Concat(setting.Value.Select(letter => char.IsLetterOrDigit(letter) || letter is '.' or '-' or '+' ? letter : '_'))}";
        });
        return $"{recipe}{string.Concat(settings)}-seed{seed.ToString(CultureInfo.InvariantCulture)}";
    }
}

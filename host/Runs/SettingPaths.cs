using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using EDA.Engine;
using EDA.Engine.Baselines;
using EDA.Engine.Runs;
using EDA.Host.CommandLine;

namespace EDA.Host.Runs;

/// <summary>
/// The settings of a run by path, as `--set behavior.steps=1000` writes them and config.json nests them. Paths follow
/// the settings records of the engine, so that a new setting there is a new path here.
/// </summary>
public static class SettingPaths
{
    /// <summary>How settings are written as JSON: camelCase names, enumerations as words.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.General)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Every path that `--set` takes in a kind of run, with the type of its value. Recipe, method and seed have options of their own.</summary>
    /// <param name="kind">The kind of run.</param>
    /// <param name="method">The method; null for EDA.</param>
    /// <returns>The types by path.</returns>
    public static IReadOnlyDictionary<string, Type> Of(RunKind kind, Method? method = null) =>
        Leaves(typeof(RunSettings), kind, method ?? Method.Eda, string.Empty).Where(leaf => !HasOption(leaf.Path)).ToDictionary(leaf => leaf.Path, leaf => leaf.Type, StringComparer.Ordinal);

    /// <summary>The same of a run.</summary>
    /// <param name="run">The settings.</param>
    /// <returns>The types by path.</returns>
    public static IReadOnlyDictionary<string, Type> Of(RunSettings run) => Of(run.Kind, run.Method.Row);

    /// <summary>Whether a key names one setting of a method's runs.</summary>
    /// <param name="kind">The kind of run.</param>
    /// <param name="method">The method.</param>
    /// <param name="key">A path, or its end where only one path ends so.</param>
    /// <returns>Whether it does.</returns>
    public static bool Knows(RunKind kind, Method method, string key)
    {
        var paths = Of(kind, method).Keys;
        return paths.Contains(key) || (!HasOption(key) && paths.Count(path => path.EndsWith("." + key, StringComparison.Ordinal)) == 1);
    }

    /// <summary>The settings of a run as config.json nests them: those that its kind has.</summary>
    /// <param name="run">The settings.</param>
    /// <returns>The document.</returns>
    public static JsonObject Document(RunSettings run)
    {
        var document = JsonSerializer.SerializeToNode(run, Json)!.AsObject();
        Prune(document, typeof(RunSettings), run.Kind, run.Method.Row);
        return document;
    }

    /// <summary>Changes one setting.</summary>
    /// <param name="run">The settings.</param>
    /// <param name="assignment">KEY=VALUE; the key is a path, or its end where only one path ends so.</param>
    /// <returns>The changed settings.</returns>
    /// <exception cref="UserError">The key, or the value for it, is not allowed.</exception>
    public static RunSettings Apply(RunSettings run, string assignment)
    {
        int equals = assignment.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0)
            throw UserError.Value("--set", assignment, "KEY=VALUE, for instance behavior.steps=1000");
        var all = Of(run);
        string path = Resolve([.. all.Keys], assignment[..equals].Trim(), "--set key");
        string text = assignment[(equals + 1)..].Trim();
        var tree = JsonSerializer.SerializeToNode(run, Json)!;
        var parent = tree;
        string[] names = path.Split('.');
        foreach (string name in names[..^1])
            parent = parent[name]!;
        parent[names[^1]] = Parse(path, text, all[path]);
        try
        {
            return tree.Deserialize<RunSettings>(Json)!;
        }
        catch (InvalidSettingException refused)
        {
            // The record knows its own name for the setting, the user the whole path.
            throw UserError.Value(path, text, refused.Allowed);
        }
    }

    /// <summary>The paths at which two runs of a kind differ.</summary>
    /// <param name="first">One.</param>
    /// <param name="second">The other.</param>
    /// <returns>The paths.</returns>
    public static IEnumerable<string> Differences(RunSettings first, RunSettings second)
    {
        var (one, other) = (JsonSerializer.SerializeToNode(first, Json), JsonSerializer.SerializeToNode(second, Json));
        return Of(first).Keys.Union(Of(second).Keys).Where(path => !JsonNode.DeepEquals(At(one, path), At(other, path)));

        static JsonNode? At(JsonNode? tree, string path) => path.Split('.').Aggregate(tree, (node, name) => node?[name]);
    }

    /// <summary>A setting's value, as `--set` would be given it.</summary>
    /// <param name="run">The settings.</param>
    /// <param name="path">A path of <see cref="Of"/>.</param>
    /// <returns>The text.</returns>
    public static string Value(RunSettings run, string path)
    {
        var value = path.Split('.').Aggregate(JsonSerializer.SerializeToNode(run, Json), (node, name) => node?[name]);
        return value is JsonValue text && text.TryGetValue(out string? word) ? word : value?.ToJsonString(Json) ?? string.Empty;
    }

    /// <summary>The path that a key names: itself, or the one path that ends so.</summary>
    /// <param name="paths">The paths to choose from.</param>
    /// <param name="key">The key.</param>
    /// <param name="option">What a refusal calls it.</param>
    /// <returns>The path.</returns>
    /// <exception cref="UserError">There is none, or there are several.</exception>
    public static string Resolve(IReadOnlyCollection<string> paths, string key, string option)
    {
        if (paths.Contains(key))
            return key;
        string[] ends = HasOption(key) ? [] : [.. paths.Where(path => path.EndsWith("." + key, StringComparison.Ordinal))];
        return ends.Length == 1 ? ends[0] : throw UserError.Choice(option, key, ends.Length == 0 ? paths : ends);
    }

    // What has an option of its own: not to be taken for the end of a path either.
    private static bool HasOption(string key) => key is "bandit" or "environment" or "seed" or "method.name";

    private static JsonValue Parse(string path, string text, Type type)
    {
        if (type.IsEnum)
        {
            var words = Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName).ToArray();
            return words.Contains(text) ? JsonValue.Create(text) : throw UserError.Choice(path, text, words);
        }

        if (type.IsAssignableTo(typeof(INamed)))
        {
            var names = ((INamedTable)type.GetProperty("Table")!.GetValue(null)!).Names;
            return names.Contains(text) ? JsonValue.Create(text) : throw UserError.Choice(path, text, names);
        }

        if (type == typeof(double))
        {
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
                ? JsonValue.Create(number)
                : throw UserError.Value(path, text, "a finite number");
        }

        if (type == typeof(string))
            return JsonValue.Create(text);
        if (type == typeof(bool))
            return text is "true" or "false" ? JsonValue.Create(text == "true") : throw UserError.Choice(path, text, ["true", "false"]);
        if (type == typeof(ulong))
            return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed) ? JsonValue.Create(seed) : throw UserError.Value(path, text, $"a whole number from 0 to {ulong.MaxValue}");
        bool whole = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value);
        return whole && (type == typeof(long) || (value >= int.MinValue && value <= int.MaxValue))
            ? JsonValue.Create(value)
            : throw UserError.Value(path, text, "a whole number");
    }

    private static IEnumerable<(string Path, Type Type)> Leaves(Type type, RunKind kind, Method method, string prefix)
    {
        foreach (var (property, name) in Settings(type).Where(setting => Has(kind, method, setting.Property)))
        {
            string path = prefix + name;
            var found = property.PropertyType == typeof(MethodSettings) ? method.SettingsType : property.PropertyType;
            if (found.IsPrimitive || found.IsEnum || found == typeof(string) || found.IsAssignableTo(typeof(INamed)))
            {
                yield return (path, found);
            }
            else
            {
                foreach (var leaf in Leaves(found, kind, method, path + "."))
                    yield return leaf;
            }
        }
    }

    private static void Prune(JsonObject document, Type type, RunKind kind, Method method)
    {
        foreach (var (property, name) in Settings(type))
        {
            if (!Has(kind, method, property))
                document.Remove(name);
            else if (document[name] is JsonObject section && property.PropertyType != typeof(MethodSettings) && !property.PropertyType.IsAssignableTo(typeof(INamed)))
                Prune(section, property.PropertyType, kind, method);
        }
    }

    private static IEnumerable<(PropertyInfo Property, string Name)> Settings(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite).Select(property => (property, JsonNamingPolicy.CamelCase.ConvertName(property.Name)));

    private static bool Has(RunKind kind, Method method, PropertyInfo property) =>
        (property.GetCustomAttribute<OnlyForAttribute>() is not { } only || only.Kind == kind) && (property.DeclaringType != typeof(RunSettings) || method.LooksAt(JsonNamingPolicy.CamelCase.ConvertName(property.Name)));
}

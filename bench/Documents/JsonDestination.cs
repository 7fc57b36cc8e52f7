using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using EDA.Engine;
using EDA.Engine.Files;
using EDA.Host.CommandLine;

namespace EDA.Bench;

/// <summary>Where a measurement's files may go: nothing is overwritten but a JSON document by a later one of its kind.</summary>
internal static class JsonDestination
{
    /// <summary>Refuses a file that cannot be written or holds something else, before anything is measured.</summary>
    /// <param name="path">The file.</param>
    /// <param name="earlier">What may be replaced, in words.</param>
    /// <param name="isEarlier">Whether a document is such a one.</param>
    /// <exception cref="UserError">It is refused.</exception>
    public static void Check(string path, string earlier, Func<JsonElement, bool> isEarlier)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? path;
        bool replaceable = File.Exists(path) && (new FileInfo(path).Length == 0 || Holds(path, isEarlier));
        if (!Directory.Exists(folder) || Directory.Exists(path) || (File.Exists(path) && !replaceable))
            throw UserError.Value("--json", path, $"a new file, or {earlier}, in a folder that exists");
    }

    /// <summary>Refuses a file that is there already or cannot be made.</summary>
    /// <param name="option">The option that names it.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="UserError">It is refused.</exception>
    public static void CheckNew(string option, string path)
    {
        if (File.Exists(path) || Directory.Exists(path) || !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path)) ?? path))
            throw UserError.Value(option, path, "a file that does not exist yet, in a folder that does");
    }

    /// <summary>Writes a document, whole or not at all: what is killed while it writes leaves no half of one. An earlier one goes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="document">The document.</param>
    /// <param name="type">How it is written.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string path, object document, JsonTypeInfo type) => WholeFile.Write(path, overwrite: true, file =>
    {
        using var stream = File.Create(file);
        JsonSerializer.Serialize(stream, document, type);
    });

    /// <summary>Whether a document is an object with these keys.</summary>
    public static bool HasKeys(JsonElement root, params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
        {
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty(key, out _))
                return false;
        }

        return true;
    }

    private static bool Holds(string path, Func<JsonElement, bool> isEarlier)
    {
        try
        {
            using var stream = File.OpenRead(path);
            using var document = JsonDocument.Parse(stream);
            return isEarlier(document.RootElement);
        }
        catch (JsonException)
        {
            return false;
        }
    }
}

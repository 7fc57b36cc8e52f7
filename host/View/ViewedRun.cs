using System.Text.Json;
using System.Text.Json.Nodes;
using EDA.Engine.Evaluation.Recordings;
using EDA.Host.Reports;

namespace EDA.Host.View;

/// <summary>The files of a run folder that are looked at. Nothing is written.</summary>
/// <param name="folder">The folder, with a config.json.</param>
internal sealed class ViewedRun(string folder)
{
    /// <summary>The name of the file that makes a folder a run's.</summary>
    public const string ConfigName = "config.json";

    /// <summary>The folder.</summary>
    public string FullPath => folder;

    /// <summary>Every setting.</summary>
    public string Config => Path.Combine(folder, ConfigName);

    /// <summary>What was measured along the way.</summary>
    public string Metrics => Path.Combine(folder, "metrics.csv");

    /// <summary>The folder of recorded episodes.</summary>
    public string Episodes => Path.Combine(folder, RunFolder.EpisodesName);

    /// <summary>The file that says what episodes there are.</summary>
    public string EpisodeIndex => Path.Combine(Episodes, RecordedRollouts.FileName);

    /// <summary>The final numbers.</summary>
    public string Result => Path.Combine(folder, RunFolder.ResultName);

    /// <summary>The names of its figures, without extension.</summary>
    public IReadOnlyList<string> Figures => Directory.Exists(FigureFolder)
        ? [.. Directory.EnumerateFiles(FigureFolder, "*.svg").Select(path => Path.GetFileNameWithoutExtension(path)!).Order(StringComparer.Ordinal)]
        : [];

    private string FigureFolder => Path.Combine(folder, "figures");

    /// <summary>A figure's file.</summary>
    /// <param name="name">One of <see cref="Figures"/>.</param>
    public string Figure(string name) => Path.Combine(FigureFolder, name + ".svg");

    /// <summary>What tells that anything that is shown has changed.</summary>
    public (FileStamp Config, FileStamp Metrics, FileStamp Result, FileStamp Lock) Stamp =>
        (FileStamp.Of(Config), FileStamp.Of(Metrics), FileStamp.Of(Result), FileStamp.Of(Path.Combine(folder, Engine.Files.FolderLock.FileName)));

    /// <summary>When anything that is shown was last written, seconds since 1970 (UTC).</summary>
    public long Written
    {
        get
        {
            var (config, metrics, result, _) = Stamp;
            return new DateTimeOffset(Math.Max(config.Modified, Math.Max(metrics.Modified, result.Modified)), TimeSpan.Zero).ToUnixTimeSeconds();
        }
    }

    /// <summary>The document of config.json.</summary>
    /// <returns>The document.</returns>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public JsonObject ReadConfig() => Parse(Config);

    /// <summary>The document of result.json; null where there is none.</summary>
    /// <returns>The document.</returns>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public JsonObject? ReadResult() => File.Exists(Result) ? Parse(Result) : null;

    private static JsonObject Parse(string path) =>
        JsonNode.Parse(SharedFile.Read(path), documentOptions: new() { AllowDuplicateProperties = false }) as JsonObject ?? throw new JsonException("no object");
}

using System.Text.Json;
using System.Text.Json.Serialization;
using EDA.Engine.Data;
using EDA.Engine.Environments.Scenes;
using EDA.Engine.Files;

namespace EDA.Engine.Evaluation.Recordings;

/// <summary>An episode that was kept, as episodes.json has it.</summary>
/// <param name="Episode">Its number.</param>
/// <param name="KeptAs">Which it is: some of <see cref="EpisodeChoice.Names"/>.</param>
/// <param name="File">Its file of arrays, in the same folder.</param>
/// <param name="Length">T, its steps.</param>
/// <param name="Return">Its return.</param>
/// <param name="NormalizedScore">The same as a normalised score.</param>
/// <param name="Terminated">Whether it terminated, rather than being cut.</param>
/// <param name="Goal">Where it should get to; null where there is no goal.</param>
public sealed record RecordedEpisode(
    int Episode, IReadOnlyList<string> KeptAs, string File, int Length, double Return, double NormalizedScore, bool Terminated, ScenePlace? Goal);

/// <summary>The episodes that were kept of a policy.</summary>
/// <param name="Policy">The name of its score.</param>
/// <param name="Episodes">The episodes.</param>
public sealed record RecordedPolicy(string Policy, IReadOnlyList<RecordedEpisode> Episodes);

/// <summary>episodes.json: the episodes that were kept of a run's rollouts.</summary>
/// <param name="Environment">The environment.</param>
/// <param name="StepSeconds">The simulated time of a step, s.</param>
/// <param name="Reference">The returns that scores are measured by.</param>
/// <param name="Scene">What it looks like; null where it cannot be drawn.</param>
/// <param name="Policies">The policies, in the order in which they were rolled out.</param>
public sealed record RecordedRollouts(
    string Environment, double StepSeconds, ReferenceReturns Reference, Scene? Scene, IReadOnlyList<RecordedPolicy> Policies)
{
    /// <summary>The file's name.</summary>
    public const string FileName = "episodes.json";

    private static readonly JsonSerializerOptions _json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        AllowDuplicateProperties = false,
        WriteIndented = true,
        NewLine = "\n",
    };

    /// <summary>Reads the file.</summary>
    /// <param name="folder">Its folder.</param>
    /// <returns>The episodes; null where none were kept.</returns>
    /// <exception cref="InvalidFileException">It is broken.</exception>
    public static RecordedRollouts? Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
            return null;
        try
        {
            var read = JsonSerializer.Deserialize<RecordedRollouts>(File.ReadAllText(path), _json);
            return read is not null && read.IsSound ? read : throw new InvalidFileException(path, "is no list of episodes");
        }
        catch (JsonException error)
        {
            throw new InvalidFileException(path, "is no list of episodes", error);
        }
    }

    /// <summary>Writes the file, in place of one that is there.</summary>
    /// <param name="folder">Its folder.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Save(string folder) =>
        WholeFile.Write(Path.Combine(folder, FileName), overwrite: true, file => File.WriteAllText(file, JsonSerializer.Serialize(this, _json) + "\n"));

    // What the drawing relies on: no path leads out of the folder, no index beyond the arrays.
    private bool IsSound => StepSeconds > 0 && double.IsFinite(StepSeconds)
        && (Scene is null || IsDrawable(Scene))
        && Policies.All(policy => policy?.Episodes.All(episode => episode is not null
            && episode.Length is > 0 and <= RecordedArrays.MostSteps && episode.File == Path.GetFileName(episode.File) && episode.File.Length > 0) == true);

    private static bool IsDrawable(Scene scene) => Enum.IsDefined(scene.Plane) && scene.Points is > 0 and <= RecordedArrays.MostPoints
        && scene.Shapes.Count > 0 && double.IsFinite(scene.GoalRadius ?? 0)
        && scene.Shapes.All(shape => shape is not null && (uint)shape.From < (uint)scene.Points && (uint)shape.To < (uint)scene.Points && shape.Radius > 0 && double.IsFinite(shape.Radius) && shape.Limb >= 0)
        && scene.Walls.All(wall => wall is not null && double.IsFinite(wall.X) && double.IsFinite(wall.Y) && double.IsFinite(wall.HalfX) && double.IsFinite(wall.HalfY));
}

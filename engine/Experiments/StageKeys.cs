using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EDA.Engine.Checkpoints;
using EDA.Engine.Runs;

namespace EDA.Engine.Experiments;

/// <summary>
/// What each stage of a run is known by: a digest of all that its result depends on, which is the settings that matter to
/// it, the data, the seed, and the stages before it. Two runs whose stages have one key would come to the same files.
/// </summary>
public static class StageKeys
{
    private const int Digits = 16;

    /// <summary>The keys of a run's stages.</summary>
    /// <param name="stages">The stages, in order.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="data">The data and the device that it is worked on, in words.</param>
    /// <returns>Hexadecimal digits by the stage's name.</returns>
    public static IReadOnlyDictionary<string, string> Of(IReadOnlyList<RunStage> stages, RunSettings settings, string data)
    {
        var keys = new Dictionary<string, string>();
        foreach (var stage in stages)
        {
            IEnumerable<string> before = stage.ReadsAll ? keys.Keys : stage.Needs;
            string[] words =
            [
                stage.Name, data, settings.Seed.ToString(CultureInfo.InvariantCulture), TrainingState.Describe(stage.DependsOn(settings)),
                .. before.Select(name => keys[name]),
            ];
            keys.Add(stage.Name, Digest(words));
        }

        return keys;
    }

    private static string Digest(string[] words) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', words))))[..Digits];
}

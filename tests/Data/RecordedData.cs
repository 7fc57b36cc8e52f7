using EDA.Host.Setup;

namespace EDA.Tests.Data;

/// <summary>Datasets of 100,000 rows each, recorded in MuJoCo: too large for the repository.</summary>
internal static class RecordedData
{
    public const string Variable = "EDA_DATASETS";

    /// <summary>Where they are: the variable's folder, or shared/data beside the repository; null where neither has them.</summary>
    public static string? Folder { get; } = Candidates().FirstOrDefault(folder => File.Exists(Path.Combine(folder, "hopper-medium-replay-like.hdf5")));

    private static IEnumerable<string> Candidates()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given)
            yield return given;
        if (SourceTree.Root is { } root)
            yield return Path.Combine(root, "..", "shared", "data");
    }
}

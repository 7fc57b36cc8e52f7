using EDA.Host.CommandLine;

namespace EDA.Bench.Profiling;

/// <summary>The folder a profile is left in. A folder that is there already is never written to.</summary>
public sealed class ProfileFolder
{
    private ProfileFolder(string path) => FullPath = path;

    /// <summary>The folder.</summary>
    public string FullPath { get; }

    /// <summary>Everything as one document.</summary>
    public string Document => At("profile.json");

    /// <summary>A row an operation and stage.</summary>
    public string Operations => At("operations.csv");

    /// <summary>A row a kernel and operation.</summary>
    public string Kernels => At("kernels.csv");

    /// <summary>The roofline.</summary>
    public string Roofline => At("roofline.svg");

    /// <summary>The Chrome trace.</summary>
    public string Trace => At("trace.json");

    /// <summary>Makes the folder.</summary>
    /// <param name="wanted">Where the user wants it; null for runs/NAME, or runs/NAME-2 and so on where that is taken.</param>
    /// <param name="name">The profile's name.</param>
    /// <returns>The folder, new and empty.</returns>
    /// <exception cref="UserError">The wanted folder is there already and is not empty, or no folder can be made there.</exception>
    public static ProfileFolder Create(string? wanted, string name)
    {
        if (wanted is not null && string.IsNullOrWhiteSpace(wanted))
            throw UserError.Value("--out", wanted, "the name of a folder that is new or empty");
        try
        {
            string path = Path.GetFullPath(wanted ?? Path.Combine("runs", name));
            for (int number = 2; wanted is null && (Directory.Exists(path) || File.Exists(path)); number++)
                path = Path.GetFullPath(Path.Combine("runs", $"{name}-{number}"));
            if (File.Exists(path) || (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any()))
                throw UserError.Value("--out", wanted ?? path, "a folder that is new or empty; nothing is overwritten");
            Directory.CreateDirectory(path);
            return new ProfileFolder(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw UserError.Value("--out", wanted ?? "runs", $"a folder that can be written ({error.Message})");
        }
    }

    private string At(string file) => Path.Combine(FullPath, file);
}

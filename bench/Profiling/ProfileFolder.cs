using EDA.Host.CommandLine;
using EDA.Host.Reports;

namespace EDA.Bench.Profiling;

/// <summary>The folder a profile is left in. A folder that is there already is never written to.</summary>
public sealed class ProfileFolder
{
    private const string DocumentName = "profile.json";

    private ProfileFolder(string path) => FullPath = path;

    /// <summary>The folder.</summary>
    public string FullPath { get; }

    /// <summary>The page to open first.</summary>
    public string Page => At("index.html");

    /// <summary>Everything as one document.</summary>
    public string Document => At(DocumentName);

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
    public static ProfileFolder Create(string? wanted, string name) => new(NewFolder.Create(wanted, name, DocumentName));

    private string At(string file) => Path.Combine(FullPath, file);
}

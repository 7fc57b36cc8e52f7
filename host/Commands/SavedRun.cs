using EDA.Engine.Runs;
using EDA.Host.CommandLine;
using EDA.Host.Reports;
using EDA.Host.Runs;

namespace EDA.Host.Commands;

/// <summary>A run whose policies a command takes from its folder.</summary>
/// <param name="Folder">The folder.</param>
/// <param name="Request">What it was made for.</param>
internal sealed record SavedRun(RunFolder Folder, RunRequest Request)
{
    /// <summary>Its settings.</summary>
    public RunSettings Settings => Request.Settings;

    /// <summary>The files of its stages.</summary>
    public StageFiles Files => new(Folder.Checkpoints);

    /// <summary>Opens it.</summary>
    /// <param name="path">The folder.</param>
    /// <returns>The run.</returns>
    /// <exception cref="UserError">There is no run.</exception>
    /// <exception cref="Engine.InvalidFileException">Its config.json is broken.</exception>
    public static SavedRun Open(string path)
    {
        var folder = RunFolder.Open(path);
        return new(folder, RunRequest.FromConfig(folder));
    }

    /// <summary>A file of weights that must be there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="stage">The stage that leaves it.</param>
    /// <returns>The file.</returns>
    /// <exception cref="UserError">It is not there.</exception>
    public string Require(string path, string stage) =>
        File.Exists(path) ? path : throw new UserError($"{Folder.ShownPath} has no {Path.GetFileName(path)} yet: {OwnProgram.Command} {stage} {Folder.ShownPath}");
}

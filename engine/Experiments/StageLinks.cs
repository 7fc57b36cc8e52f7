using EDA.Engine.Files;
using EDA.Engine.Runs;

namespace EDA.Engine.Experiments;

/// <summary>Gives a run another's finished stage: its files, by a second name and not copied. Either run may write its own anew, which leaves the other's.</summary>
public static class StageLinks
{
    /// <summary>Links what a stage left.</summary>
    /// <param name="stage">The stage, finished.</param>
    /// <param name="from">Where it left it.</param>
    /// <param name="to">Where it is linked to; an existing file of that name stays.</param>
    /// <exception cref="IOException">A link cannot be made.</exception>
    public static void Link(RunStage stage, StageFiles from, StageFiles to)
    {
        // A stage counts as done by its last file, so an interrupted linking is made good by another.
        foreach (var (source, target) in stage.Leaves(from).Zip(stage.Leaves(to)))
        {
            if (File.Exists(source) && !File.Exists(target))
                FileLink.Make(source, target);
        }
    }
}

using EDA.Engine.Data;
using EDA.Engine.Runs;

namespace EDA.Engine.Baselines.DiffusionQl;

/// <summary>What the published code of Diffusion-QL does by task: a row for tasks whose names begin alike, the first that fits.</summary>
/// <param name="Prefix">How they begin.</param>
/// <param name="Eta">η.</param>
/// <param name="GradientBound">The largest norm of gradients; 0 for no bound.</param>
/// <param name="MaxQ">Whether backups are the largest of 10 actions'.</param>
/// <param name="Steps">Steps.</param>
/// <param name="LearningRate">Adam's learning rate of the policy.</param>
internal sealed record DiffusionQlTask(string Prefix, double Eta = 1, double GradientBound = 0, bool MaxQ = false, long Steps = 2_000_000, double LearningRate = 3e-4)
{
    private const long Million = 1_000_000;

    private static readonly DiffusionQlTask[] _rows =
    [
        new("halfcheetah-medium-expert", GradientBound: 7),
        new("halfcheetah-medium-replay", GradientBound: 2),
        new("halfcheetah-medium", GradientBound: 9),
        new("hopper-medium-expert", GradientBound: 5),
        new("hopper-medium-replay", GradientBound: 4),
        new("hopper-medium", GradientBound: 9),
        new("walker2d-medium-expert", GradientBound: 5),
        new("walker2d-medium-replay", GradientBound: 4),
        new("walker2d-medium", GradientBound: 1),
        new("antmaze-umaze-diverse", 2, 3, true, Million),
        new("antmaze-umaze", 0.5, 2, false, Million),
        new("antmaze-medium-play", 2, 2, true, Million, 1e-3),
        new("antmaze-medium-diverse", 3, 1, true, Million),
        new("kitchen-complete", 0.005, 9, false, Million / 4),
        new("kitchen", 0.005, 10, false, Million),

        // Not published. With AntMaze's η a point mass leaves the data for what its own Q makes up.
        new("pointmaze-umaze", 0.05, 0, false, Million),
        new("pointmaze", 0.05, 0, true, Million),
    ];

    // A file that is not published goes as its family does: mazes with η in the middle of AntMaze's range.
    private static readonly DiffusionQlTask _maze = new("", 2, 0, true, Million), _kitchen = new("", 0.005, 0, false, Million), _other = new("");

    /// <summary>The row of a task; of one that is not published, its family's.</summary>
    public static DiffusionQlTask Of(DatasetTask task) => _rows.FirstOrDefault(row => task.Name.StartsWith(row.Prefix, StringComparison.Ordinal)) ?? task.Domain switch
    {
        D4rlDomain.AntMaze when task.Environment!.EndsWith("umaze", StringComparison.Ordinal) => _maze with { MaxQ = false },
        D4rlDomain.AntMaze => _maze,
        D4rlDomain.Kitchen => _kitchen,
        _ => _other,
    };
}

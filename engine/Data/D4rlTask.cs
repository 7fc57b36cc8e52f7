namespace EDA.Engine.Data;

/// <summary>
/// A D4RL task: an environment with a published dataset. Addresses are those of D4RL's own list
/// (Farama-Foundation/D4RL, d4rl/infos.py, commit 89141a6).
/// </summary>
/// <param name="Name">D4RL's name.</param>
/// <param name="Environment">The environment.</param>
/// <param name="File">The dataset's path below <see cref="Server"/>.</param>
/// <param name="Rows">
/// How many rows the published file is known to have; null where that is not known. Locomotion's are those that public
/// loaders report for the v2 files, the others those of D4RL's paper (Fu et al., arXiv 2004.07219, Table 1).
/// </param>
public sealed record D4rlTask(string Name, D4rlEnvironment Environment, string File, int? Rows = null)
{
    /// <summary>Where D4RL publishes its datasets.</summary>
    public const string Server = "http://rail.eecs.berkeley.edu/datasets/offline_rl/";

    /// <summary>The sixteen tasks of the paper's Table 1, in its order.</summary>
    public static IReadOnlyList<D4rlTask> All { get; } =
    [
        .. from environment in (string[])["halfcheetah", "hopper", "walker2d"]
           from data in (string[])["medium-expert", "medium", "medium-replay"]
           select Locomotion(environment, data),
        AntMaze("umaze", "umaze", "u-maze", "False", "False"),
        AntMaze("umaze-diverse", "umaze", "u-maze", "True", "True"),
        AntMaze("medium-play", "medium", "big-maze", "True", "False"),
        AntMaze("medium-diverse", "medium", "big-maze", "True", "True"),
        Kitchen("complete", "mini_kitchen_microwave_kettle_light_slider", 3_680),
        Kitchen("partial", "kitchen_microwave_kettle_light_slider", 136_950),
        Kitchen("mixed", "kitchen_microwave_kettle_bottomburner_light", 136_950),
    ];

    /// <summary>The tasks' names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(task => task.Name)];

    /// <summary>The task of a name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <returns>The task.</returns>
    /// <exception cref="InvalidSettingException">There is none of that name.</exception>
    public static D4rlTask Of(string name) =>
        All.FirstOrDefault(task => task.Name == name)
        ?? throw new InvalidSettingException("task", name, "one of " + string.Join(", ", Names));

    private static D4rlTask Locomotion(string environment, string data) =>
        new($"{environment}-{data}-v2", D4rlEnvironment.Of(environment), $"gym_mujoco_v2/{environment}_{data.Replace('-', '_')}-v2.hdf5", (environment, data) switch
        {
            ("halfcheetah", "medium-expert") => 2_000_000,
            ("halfcheetah", "medium") => 1_000_000,
            ("halfcheetah", "medium-replay") => 202_000,
            ("hopper", "medium-expert") => 1_999_400,
            ("hopper", "medium") => 999_906,
            ("hopper", "medium-replay") => 402_000,
            ("walker2d", "medium") => 999_995,
            ("walker2d", "medium-replay") => 302_000,
            _ => null,
        });

    private static D4rlTask AntMaze(string name, string maze, string published, string starts, string goals) =>
        new($"antmaze-{name}-v2", D4rlEnvironment.Of($"antmaze-{maze}"), $"ant_maze_v2/Ant_maze_{published}_noisy_multistart_{starts}_multigoal_{goals}_sparse_fixed.hdf5", 1_000_000);

    private static D4rlTask Kitchen(string name, string published, int rows) =>
        new($"kitchen-{name}-v0", D4rlEnvironment.Of("kitchen"), $"kitchen/{published}-v0.hdf5", rows);
}

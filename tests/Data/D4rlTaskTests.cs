using EDA.Engine;
using EDA.Engine.Data;

namespace EDA.Tests.Data;

/// <summary>The sixteen tasks and their environments.</summary>
public class D4rlTaskTests
{
    [Fact]
    public void Addresses_are_D4RLs()
    {
        // Copied from D4RL's list, d4rl/infos.py.
        Dictionary<string, string> published = new()
        {
            ["halfcheetah-medium-expert-v2"] = "gym_mujoco_v2/halfcheetah_medium_expert-v2.hdf5",
            ["halfcheetah-medium-v2"] = "gym_mujoco_v2/halfcheetah_medium-v2.hdf5",
            ["halfcheetah-medium-replay-v2"] = "gym_mujoco_v2/halfcheetah_medium_replay-v2.hdf5",
            ["hopper-medium-expert-v2"] = "gym_mujoco_v2/hopper_medium_expert-v2.hdf5",
            ["hopper-medium-v2"] = "gym_mujoco_v2/hopper_medium-v2.hdf5",
            ["hopper-medium-replay-v2"] = "gym_mujoco_v2/hopper_medium_replay-v2.hdf5",
            ["walker2d-medium-expert-v2"] = "gym_mujoco_v2/walker2d_medium_expert-v2.hdf5",
            ["walker2d-medium-v2"] = "gym_mujoco_v2/walker2d_medium-v2.hdf5",
            ["walker2d-medium-replay-v2"] = "gym_mujoco_v2/walker2d_medium_replay-v2.hdf5",
            ["antmaze-umaze-v2"] = "ant_maze_v2/Ant_maze_u-maze_noisy_multistart_False_multigoal_False_sparse_fixed.hdf5",
            ["antmaze-umaze-diverse-v2"] = "ant_maze_v2/Ant_maze_u-maze_noisy_multistart_True_multigoal_True_sparse_fixed.hdf5",
            ["antmaze-medium-play-v2"] = "ant_maze_v2/Ant_maze_big-maze_noisy_multistart_True_multigoal_False_sparse_fixed.hdf5",
            ["antmaze-medium-diverse-v2"] = "ant_maze_v2/Ant_maze_big-maze_noisy_multistart_True_multigoal_True_sparse_fixed.hdf5",
            ["kitchen-complete-v0"] = "kitchen/mini_kitchen_microwave_kettle_light_slider-v0.hdf5",
            ["kitchen-partial-v0"] = "kitchen/kitchen_microwave_kettle_light_slider-v0.hdf5",
            ["kitchen-mixed-v0"] = "kitchen/kitchen_microwave_kettle_bottomburner_light-v0.hdf5",
        };
        Assert.Equal(published, D4rlTask.All.ToDictionary(task => task.Name, task => task.File));
        Assert.Equal("http://rail.eecs.berkeley.edu/datasets/offline_rl/", D4rlTask.Server);
    }

    [Fact]
    public void A_files_name_tells_its_environment()
    {
        Assert.All(D4rlTask.All, task => Assert.Same(task.Environment, D4rlEnvironment.Guess(task.Name)));
        Assert.All(D4rlTask.All, task => Assert.Same(task.Environment, D4rlEnvironment.Guess(Path.GetFileName(task.File))));
        Assert.Null(D4rlEnvironment.Guess("maze2d-umaze-v1"));
        Assert.Null(D4rlEnvironment.Guess(null));
    }

    [Theory]
    [InlineData("hopper", -20.272305, 0)]
    [InlineData("hopper", 3234.3, 100)]
    [InlineData("halfcheetah", 4770, 40.6775)]
    [InlineData("walker2d", 4592.3, 100)]
    [InlineData("antmaze-medium", 0.5, 50)]
    [InlineData("kitchen", 3, 75)]
    public void Scores_are_between_random_and_expert(string environment, double episodeReturn, double score) =>
        Assert.Equal(score, D4rlEnvironment.Of(environment).Reference.Score(episodeReturn), 0.001);

    [Theory]
    [InlineData("antmaze-umaze", 700)]
    [InlineData("antmaze-medium", 1000)]
    [InlineData("kitchen", 280)]
    [InlineData("hopper", 1000)]
    public void Limits_are_the_environments(string environment, int limit) =>
        Assert.Equal(limit, D4rlEnvironment.Of(environment).EpisodeLimit);

    [Fact]
    public void Unknown_names_are_refused_with_the_list()
    {
        Assert.Contains("kitchen-mixed-v0", Assert.Throws<InvalidSettingException>(() => D4rlTask.Of("hopper-random-v2")).Message, StringComparison.Ordinal);
        Assert.Contains("walker2d", Assert.Throws<InvalidSettingException>(() => D4rlEnvironment.Of("ant")).Message, StringComparison.Ordinal);
    }
}

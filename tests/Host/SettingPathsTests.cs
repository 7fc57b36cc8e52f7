using EDA.Engine.Alignment;
using EDA.Engine.Optimizers;
using EDA.Engine.Runs;
using EDA.Host.CommandLine;
using EDA.Host.Runs;

namespace EDA.Tests.Host;

public sealed class SettingPathsTests
{
    [Fact]
    public void A_setting_changes_and_the_rest_stays()
    {
        var run = RunBudgets.Get("smoke", RunTask.Table.Find("bandit-rings")) with { Seed = ulong.MaxValue };
        var changed = SettingPaths.Apply(run, "behavior.learningRate = 0.5");
        Assert.Equal(run with { Behavior = run.Behavior with { LearningRate = 0.5 } }, changed);
    }

    [Theory]
    [InlineData("alignment.objective=preference")]
    [InlineData("objective=preference")]
    public void Words_and_unique_ends_are_understood(string assignment) =>
        Assert.Equal(ObjectiveKind.Preference, SettingPaths.Apply(Quick, assignment).Alignment.Objective);

    [Fact]
    public void Nested_settings_are_reached() =>
        Assert.Equal(LearningRateCurve.Constant, SettingPaths.Apply(Quick, "behavior.schedule.curve=constant").Behavior.Schedule.Curve);

    [Fact]
    public void Switches_are_true_or_false()
    {
        Assert.True(SettingPaths.Apply(new RunSettings(), "critic.clipsActions=true").Critic.ClipsActions);
        Assert.False(SettingPaths.Apply(new RunSettings { Critic = new() { ClipsActions = true } }, "clipsActions=false").Critic.ClipsActions);
        Assert.Equal("critic.clipsActions is '1'; allowed is one of true, false", Assert.Throws<UserError>(() => SettingPaths.Apply(new RunSettings(), "critic.clipsActions=1")).Message);
    }

    [Theory]
    [InlineData("nothing=1")]
    [InlineData("seed=1")]
    [InlineData("bandit=moons")]
    [InlineData("=1")]
    [InlineData("width=")]
    [InlineData("points=3000000000")]
    [InlineData("behavior.dropout=1")]
    [InlineData("alignment.objective=0")]
    [InlineData("critic.steps=1")]
    [InlineData("evaluation.episodes=1")]
    [InlineData("evaluation.seed=1")]
    [InlineData("evaluation.every=1")]
    [InlineData("checkpoints.keep=true")]
    public void The_rest_is_refused(string assignment) =>
        Assert.Throws<UserError>(() => SettingPaths.Apply(Quick, assignment));

    [Fact]
    public void The_seed_of_rollouts_is_not_the_runs()
    {
        var run = new RunSettings { Seed = 3 };
        var changed = SettingPaths.Apply(run, "evaluation.seed=18446744073709551615");
        Assert.Equal((3ul, ulong.MaxValue), (changed.Seed, changed.Evaluation.Seed));
        Assert.Throws<UserError>(() => SettingPaths.Apply(run, "seed=1"));
        Assert.Equal("evaluation.seed is '-1'; allowed is a whole number from 0 to 18446744073709551615", Assert.Throws<UserError>(() => SettingPaths.Apply(run, "evaluation.seed=-1")).Message);
    }

    [Fact]
    public void A_kind_of_run_writes_down_the_settings_that_it_has()
    {
        var (bandit, dataset) = (SettingPaths.Document(Quick), SettingPaths.Document(new RunSettings()));
        Assert.Equal(["method", "bandit", "seed", "points", "width", "blocks", "optimizer", "behavior", "alignment", "evaluation", "checkpoints", "memory"], bandit.Select(setting => setting.Key));
        Assert.Equal(["heldOut", "samples", "distancePoints", "solverEvaluations", "solverOrder"], bandit["evaluation"]!.AsObject().Select(setting => setting.Key));
        Assert.Equal(["method", "environment", "seed", "width", "blocks", "criticWidth", "rows", "heldOut", "rewards", "optimizer", "behavior", "critic", "weighted", "labels", "alignment", "evaluation", "checkpoints", "memory"], dataset.Select(setting => setting.Key));
        Assert.Equal(["rollsOut", "ratedStates", "episodes", "seed", "every", "recorded", "candidates", "acting", "shownStates", "solverEvaluations"], dataset["evaluation"]!.AsObject().Select(setting => setting.Key));
    }

    private static RunSettings Quick => RunBudgets.Get("quick", RunTask.Table.Find("bandit-8gaussians"));
}

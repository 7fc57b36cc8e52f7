using EDA.Engine.Alignment;
using EDA.Engine.Optimizers;
using EDA.Engine.Stages;
using EDA.Host.CommandLine;
using EDA.Host.Recipes;

namespace EDA.Tests.Host;

public sealed class SettingPathsTests
{
    [Fact]
    public void ASettingChangesAndTheRestStays()
    {
        var run = BanditBudgets.Smoke with { Bandit = "rings", Seed = ulong.MaxValue };
        var changed = SettingPaths.Apply(run, "behavior.learningRate = 0.5");
        Assert.Equal(run with { Behavior = run.Behavior with { LearningRate = 0.5 } }, changed);
    }

    [Theory]
    [InlineData("alignment.objective=preference")]
    [InlineData("objective=preference")]
    public void WordsAndUniqueEndsAreUnderstood(string assignment) =>
        Assert.Equal(ObjectiveKind.Preference, SettingPaths.Apply(BanditBudgets.Quick, assignment).Alignment.Objective);

    [Fact]
    public void NestedSettingsAreReached() =>
        Assert.Equal(LearningRateCurve.Constant, SettingPaths.Apply(BanditBudgets.Quick, "behavior.schedule.curve=constant").Behavior.Schedule.Curve);

    [Fact]
    public void SwitchesAreTrueOrFalse()
    {
        Assert.True(SettingPaths.Apply(new OfflineRun(), "critic.clipsActions=true").Critic.ClipsActions);
        Assert.False(SettingPaths.Apply(new OfflineRun { Critic = new() { ClipsActions = true } }, "clipsActions=false").Critic.ClipsActions);
        Assert.Equal("critic.clipsActions is '1'; allowed is one of true, false", Assert.Throws<UserError>(() => SettingPaths.Apply(new OfflineRun(), "critic.clipsActions=1")).Message);
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
    public void TheRestIsRefused(string assignment) =>
        Assert.Throws<UserError>(() => SettingPaths.Apply(BanditBudgets.Quick, assignment));
}

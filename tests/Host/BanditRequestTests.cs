using EDA.Engine.Stages;
using EDA.Host.Recipes;

namespace EDA.Tests.Host;

public sealed class BanditRequestTests
{
    [Fact]
    public void TheCommandIsQuotedForAShell()
    {
        var request = Request(null, "alignment.temperature = 0.5", "width=64", "curve='x'y");
        Assert.Equal(@"./eda run bandit-rings --seed 7 --budget smoke --device cpu --set 'alignment.temperature = 0.5' --set width=64 --set 'curve='\''x'\''y'", request.Command);
    }

    [Fact]
    public void TheObjectiveStaysAsItWasGiven()
    {
        // DPO sets two candidates, and the assignment changes the objective alone.
        Assert.Contains("--objective dpo --device cpu --set objective=preference", Request("dpo", "objective=preference").Command, StringComparison.Ordinal);
        Assert.DoesNotContain("--objective", Request(null).Command, StringComparison.Ordinal);
    }

    [Fact]
    public void ThePrecisionIsNamedWhereItWasGiven()
    {
        Assert.DoesNotContain("--precision", Request(null).Command, StringComparison.Ordinal);
        Assert.EndsWith("--device software --precision fp32", (Request(null) with { Device = "software", Precision = "fp32" }).Command, StringComparison.Ordinal);
    }

    private static BanditRequest Request(string? objective, params string[] assignments) =>
        new(Recipe.Find("bandit-rings"), "smoke", "cpu", objective, "somewhere", assignments, BanditBudgets.Smoke with { Seed = 7 });
}

using EDA.Engine.Runs;
using EDA.Host.Runs;

namespace EDA.Tests.Host;

public sealed class RunRequestTests
{
    [Fact]
    public void The_command_is_quoted_for_a_shell()
    {
        var request = Request(null, "alignment.temperature = 0.5", "width=64", "curve='x'y");
        Assert.Equal(@"./eda run bandit-rings --seed 7 --budget smoke --set 'alignment.temperature = 0.5' --set width=64 --set 'curve='\''x'\''y' --device cpu", request.Command);
    }

    [Fact]
    public void The_objective_stays_as_it_was_given()
    {
        // DPO sets two candidates, and the assignment changes the objective alone.
        Assert.Contains("--objective dpo --set objective=preference --device cpu", Request("dpo", "objective=preference").Command, StringComparison.Ordinal);
        Assert.DoesNotContain("--objective", Request(null).Command, StringComparison.Ordinal);
    }

    [Fact]
    public void The_precision_is_named_where_it_was_given()
    {
        Assert.DoesNotContain("--precision", Request(null).Command, StringComparison.Ordinal);
        Assert.EndsWith("--device software --precision fp32", (Request(null) with { Device = "software", Precision = "fp32" }).Command, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_seeds_are_named_and_one_is_alone()
    {
        var several = Request(null) with { Seeds = new(7, 3) };
        Assert.StartsWith("./eda run bandit-rings --seeds 7..9 --budget smoke", several.Command, StringComparison.Ordinal);
        Assert.StartsWith("./eda run bandit-rings --seed 8 --budget smoke", several.Alone(8).Command, StringComparison.Ordinal);
    }

    private static RunRequest Request(string? objective, params string[] assignments)
    {
        var task = RunTask.Table.Find("bandit-rings");
        return new()
        {
            Task = task,
            Budget = "smoke",
            Device = "cpu",
            Settings = RunBudgets.Get("smoke", task) with { Seed = 7 },
            Options = [.. objective is null ? (string[])[] : ["--objective", objective], .. assignments.SelectMany(assignment => (string[])["--set", assignment])],
        };
    }
}

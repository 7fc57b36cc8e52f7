using EDA.Engine;
using EDA.Engine.Alignment;
using EDA.Engine.Critics;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;
using EDA.Engine.Runs;

namespace EDA.Tests.Engine;

public class SettingsTests
{
    public static TheoryData<Action, string> Refusals => new()
    {
        { () => _ = new PretrainingSettings { Batch = 0 }, "batch is 0; allowed is a whole number from 1 to 1048576" },
        { () => _ = new PretrainingSettings { Steps = -1 }, "steps is -1; allowed is a whole number from 0 to 4294967295" },
        { () => _ = new PretrainingSettings { LearningRate = double.NaN }, "learningRate is NaN; allowed is a number above 0 and at most 1" },
        { () => _ = new PretrainingSettings { Dropout = 1 }, "dropout is 1; allowed is a number from 0 to below 1" },
        { () => _ = new PretrainingSettings { Averaging = 1.5 }, "averaging is 1.5; allowed is a number from 0 to 1" },
        { () => _ = new PretrainingSettings { ReportEvery = 0 }, "reportEvery is 0; allowed is a whole number of at least 1" },
        { () => _ = new PretrainingSettings { Schedule = null! }, "schedule is not set; allowed is a value" },
        { () => _ = new AlignmentSettings { Candidates = 1 }, "candidates is 1; allowed is a whole number from 2 to 4096" },
        { () => _ = new AlignmentSettings { Temperature = 0 }, "temperature is 0; allowed is a finite number above 0" },
        { () => _ = new AlignmentSettings { LabelScale = double.PositiveInfinity }, "labelScale is Infinity; allowed is a finite number above 0" },
        { () => ObjectiveKind.Table.Find("loudest"), "objective is 'loudest'; allowed is one of value, preference, dpo" },
        { () => _ = new AlignmentSettings { Objective = null! }, "objective is not set; allowed is a value" },
        { () => CriticMethod.Table.Find("best"), "critic is 'best'; allowed is one of implicit, softmax, online" },
        { () => new AlignmentSettings { Objective = ObjectiveKind.Dpo }.CreateObjective(), "candidates is 16; allowed is 2 with the dpo objective" },
        { () => _ = new RunSettings { Bandit = "donuts" }, "bandit is 'donuts'; allowed is one of 8gaussians, swissroll, rings, moons, checkerboard, 2spirals" },
        { () => _ = new RunSettings { Width = 100 }, "width is 100; allowed is a multiple of 32 from 32 to 4096" },
        { () => new RunSettings { Width = 4096, Blocks = 64 }.Check(), "width is 4096; allowed is a width that gives, with blocks 64, at most 2147483647 parameters" },
        { () => _ = RunBudgets.Get("quick", BanditTask.Each[0]) with { Blocks = 0 }, "blocks is 0; allowed is a whole number from 1 to 64" },
        { () => _ = new RunSettings { Memory = null! }, "memory is not set; allowed is a value" },
        { () => _ = new EvaluationSettings { SolverOrder = 4 }, "solverOrder is 4; allowed is a whole number from 1 to 3" },
        { () => RunBudgets.Get("huge", BanditTask.Each[0]), "budget is 'huge'; allowed is one of smoke, quick, paper" },
        { () => _ = new LearningRateSchedule { WarmUpSteps = -3 }, "warmUpSteps is -3; allowed is a whole number of at least 0" },
        { () => _ = new ValueObjective(-1, 3), "temperature is -1; allowed is a finite number above 0" },
        { () => _ = new ValueObjective(1, 0), "labelScale is 0; allowed is a finite number above 0" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void Illegal_values_are_refused_where_they_enter(Action action, string message) =>
        Assert.Equal(message, Assert.Throws<InvalidSettingException>(action).Message);

    [Fact]
    public void Defaults_are_the_papers()
    {
        var run = BanditTask.Each[0].Paper();
        Assert.Equal((2048, 1_000_000, 1e-4, 0.1), (run.Behavior.Batch, run.Behavior.Steps, run.Behavior.LearningRate, run.Behavior.Dropout));
        Assert.Equal((256, 16, 200_000, 5e-5), (run.Alignment.States, run.Alignment.Candidates, run.Alignment.Steps, run.Alignment.LearningRate));
        Assert.Equal((1.0, 3.0, 256, 3), (run.Alignment.Temperature, run.Alignment.LabelScale, run.Width, run.Blocks));
        Assert.Equal((LearningRateSchedule.Constant, 0.0, 0.0), (run.Behavior.Schedule, run.Behavior.Averaging, run.Alignment.Averaging));
        Assert.Equal((15, 2), (run.Evaluation.SolverEvaluations, run.Evaluation.SolverOrder));
        Assert.Equal(3e-4, new PretrainingSettings().LearningRate);
        foreach (string budget in RunBudgets.NamesOf(RunKind.Bandit))
            RunBudgets.Get(budget, BanditTask.Each[0]).Check();
    }

    [Fact]
    public void Dpo_takes_pairs()
    {
        var pairs = RunBudgets.Get("quick", BanditTask.Each[0]).Alignment.With(ObjectiveKind.Dpo);
        Assert.Equal(2, pairs.Candidates);
        Assert.Equal((ObjectiveKind.Dpo, false), (pairs.Objective, pairs.CreateObjective().NeedsValues));
        Assert.Equal(16, RunBudgets.Get("quick", BanditTask.Each[0]).Alignment.With(ObjectiveKind.Preference).Candidates);
        Assert.False(pairs.CreateObjective().RecoversLabels);
        Assert.True(new ValueObjective(1, 3).RecoversLabels);
    }

    [Fact]
    public void Learning_rate_follows_its_course()
    {
        Assert.Equal(1, LearningRateSchedule.Constant.Factor(123, 200));
        var cosine = LearningRateSchedule.Cosine;
        Assert.Equal(1, cosine.Factor(0, 100));
        Assert.Equal(0.5, cosine.Factor(50, 100), 1e-12);
        Assert.Equal(0, cosine.Factor(100, 100), 1e-12);
        Assert.True(cosine.Factor(99, 100) > 0);
        var warm = cosine with { WarmUpSteps = 10 };
        Assert.Equal(0.1, warm.Factor(0, 110), 1e-12);
        Assert.Equal(1, warm.Factor(9, 110), 1e-12);
        Assert.Equal(1, warm.Factor(10, 110), 1e-12);
        Assert.Equal(0.5, warm.Factor(60, 110), 1e-12);
        Assert.Equal(1, warm.Factor(10, 10));
    }
}

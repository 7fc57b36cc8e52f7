using EDA.Engine;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Environments;
using EDA.Engine.Runs;

namespace EDA.Tests.Engine;

/// <summary>The tasks and budgets of runs on datasets, held to the paper's tables.</summary>
public sealed class RunTaskTests
{
    // Tables 1 and 2 of the paper, typed in again: β and EDA's score.
    private static readonly Dictionary<string, (double Temperature, double Mean, double Deviation)> _tables = new()
    {
        ["halfcheetah-medium-expert-v2"] = (2.0, 93.2, 1.2),
        ["halfcheetah-medium-v2"] = (0.1, 57.0, 0.5),
        ["halfcheetah-medium-replay-v2"] = (0.2, 51.6, 0.9),
        ["hopper-medium-expert-v2"] = (2.0, 104.9, 7.4),
        ["hopper-medium-v2"] = (0.2, 98.4, 3.9),
        ["hopper-medium-replay-v2"] = (0.2, 92.7, 10.0),
        ["walker2d-medium-expert-v2"] = (0.3, 111.1, 0.7),
        ["walker2d-medium-v2"] = (0.5, 87.4, 1.1),
        ["walker2d-medium-replay-v2"] = (0.1, 89.2, 5.5),
        ["antmaze-umaze-v2"] = (0.5, 93.0, 4.5),
        ["antmaze-umaze-diverse-v2"] = (5.0, 81.0, 7.4),
        ["antmaze-medium-play-v2"] = (1.0, 79.0, 4.2),
        ["antmaze-medium-diverse-v2"] = (1.0, 84.0, 8.2),
        ["kitchen-complete-v0"] = (2.0, 81.5, 7.3),
        ["kitchen-partial-v0"] = (3.0, 69.3, 4.6),
        ["kitchen-mixed-v0"] = (3.0, 65.3, 2.2),
    };

    [Fact]
    public void The_tasks_are_those_that_can_be_downloaded()
    {
        Assert.Equal(_tables.Keys, DatasetTask.PaperTasks.Select(task => task.Name));
        Assert.Equal(D4rlTask.Names.Order(), DatasetTask.PaperTasks.Select(task => task.Name).Order());
        Assert.All(DatasetTask.PaperTasks, task =>
        {
            var (temperature, mean, deviation) = _tables[task.Name];
            Assert.Equal((temperature, new PublishedScore(mean, deviation)), (task.Temperature, task.Published));
            Assert.Equal(D4rlTask.Of(task.Name).Environment, task.Source);
            Assert.Equal(task.Source!.RewardTreatment, task.Paper().Rewards);
            var description = EnvironmentCatalogue.Find(task.Environment!).Description;
            Assert.Equal((task.Source.StateSize, task.Source.ActionSize, task.Source.EpisodeLimit), (description.ObservationSize, description.ActionSize, description.StepLimit));
            Assert.False(task.MakesItsData);
        });
    }

    [Fact]
    public void The_averages_are_published()
    {
        double Mean(string start) => Math.Round(_tables.Where(entry => start.Split('|').Any(word => entry.Key.StartsWith(word, StringComparison.Ordinal))).Average(entry => entry.Value.Mean), 1, MidpointRounding.AwayFromZero);
        Assert.Equal((87.3, 84.3, 72.0), (Mean("half|hopper|walker"), Mean("antmaze"), Mean("kitchen")));
    }

    [Fact]
    public void The_paper_budget_is_the_papers()
    {
        Assert.All(DatasetTask.PaperTasks, task =>
        {
            var run = RunBudgets.Get("paper", task);
            run.Check();
            Assert.Equal((256, 3, 256, 0), (run.Width, run.Blocks, run.CriticWidth, run.HeldOut));
            Assert.Equal((1_000_000, 2048, 3e-4, 0.1), (run.Behavior.Steps, run.Behavior.Batch, run.Behavior.LearningRate, run.Behavior.Dropout));
            Assert.Equal((1_500_000, 256, 3e-4, 0.99, 0.005), (run.Critic.Steps, run.Critic.Batch, run.Critic.LearningRate, run.Critic.Discount, run.Critic.TargetRate));
            Assert.Equal((200_000, 256, 16, 5e-5), (run.Alignment.Steps, run.Alignment.States, run.Alignment.Candidates, run.Alignment.LearningRate));
            Assert.Equal((_tables[task.Name].Temperature, 3), (run.Alignment.Temperature, run.Alignment.LabelScale));
            Assert.Equal((1, 0, 15), (run.Labels.Fraction, run.Labels.MostStates, run.Labels.Evaluations));
            Assert.Equal((20, 4, 15), (run.Evaluation.Episodes, run.Evaluation.Candidates, run.Evaluation.SolverEvaluations));
        });
        Assert.Equal((0.7, 3, 1), Constants("hopper-medium-v2"));
        Assert.Equal((0.9, 10, 20), Constants("antmaze-umaze-v2"));
        Assert.Equal((0.7, 0.5, 1), Constants("kitchen-mixed-v0"));

        static (double Expectile, double Advantage, double Softmax) Constants(string name)
        {
            var critic = DatasetTask.PaperTasks.Single(task => task.Name == name).Paper().Critic;
            return (critic.Implicit.Expectile, critic.Implicit.AdvantageScale, critic.Softmax.InverseTemperature);
        }
    }

    [Fact]
    public void Point_mazes_need_no_file_and_are_treated_as_mazes()
    {
        Assert.Equal(["pointmaze-umaze", "pointmaze-medium"], DatasetTask.Generated.Select(task => task.Name));
        Assert.All(DatasetTask.Generated, task => Assert.Equal((true, RewardTreatment.MinusOne, 0.9), (task.MakesItsData, task.Paper().Rewards, task.Paper().Critic.Implicit.Expectile)));
    }

    [Fact]
    public void Budgets_grow_and_fit()
    {
        foreach (var task in DatasetTask.PaperTasks.Concat(DatasetTask.Generated))
        {
            RunSettings[] runs = [.. RunBudgets.NamesOf(RunKind.Dataset).Select(name => RunBudgets.Get(name, task))];
            foreach (var (less, more) in runs.Zip(runs.Skip(1)))
            {
                less.Check();
                Assert.True(less.Behavior.Steps < more.Behavior.Steps && less.Critic.Steps < more.Critic.Steps && less.Alignment.Steps < more.Alignment.Steps);
                Assert.Equal((more.Environment, more.Rewards), (less.Environment, less.Rewards));
            }
        }

        Assert.Contains("smoke, quick, hour, day, paper", Assert.Throws<InvalidSettingException>(() => RunBudgets.Get("lavish", DatasetTask.PaperTasks[0])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_no_row_can_be_weighed_the_tilt_is_the_alignments()
    {
        var task = DatasetTask.PaperTasks[0];
        foreach (string budget in (string[])["quick", "hour", "day"])
        {
            var own = RunBudgets.Get(budget, task);
            Assert.Equal(own, RunBudgets.Get(budget, task, CriticMethod.Implicit));
            Assert.True(own.Weighted.Training.Steps > 0 && own.Alignment.Temperature > 1);
            foreach (var method in (CriticMethod[])[CriticMethod.Softmax, CriticMethod.Online])
            {
                var other = RunBudgets.Get(budget, task, method);
                other.Check();
                Assert.Equal((0, 1.0, method), (other.Weighted.Training.Steps, other.Alignment.Temperature, other.Critic.Method));
            }
        }

        // The paper has no such stage, and acts by one sample.
        var paper = RunBudgets.Get("paper", task);
        Assert.Equal((new EDA.Engine.Diffusion.WeightedSettings(), new EDA.Engine.Evaluation.ActingSettings()), (paper.Weighted, paper.Evaluation.Acting));
        Assert.Equal(paper.Alignment.Temperature, RunBudgets.Get("paper", task, CriticMethod.Softmax).Alignment.Temperature);
    }

    [Fact]
    public void An_online_critic_takes_the_alignments_steps()
    {
        var run = RunBudgets.Get("quick", DatasetTask.PaperTasks[0]).With(CriticMethod.Online);
        run.Check();
        Assert.Equal((run.Alignment.Steps, PolicyExtraction.None), (run.Critic.Steps, run.Critic.Implicit.Policy));
        var uneven = run with { Alignment = run.Alignment with { Steps = 7 } };
        Assert.Contains("critic.steps", Assert.Throws<InvalidSettingException>(uneven.Check).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_users_file_is_of_the_environment_he_names()
    {
        var task = DatasetTask.AnyFile.In("walker2d");
        Assert.Equal((D4rlDomain.Locomotion, RewardTreatment.ReturnRange, 1.0, null), (task.Domain, task.Paper().Rewards, task.Temperature, task.Published));
        Assert.Throws<InvalidSettingException>(() => DatasetTask.AnyFile.In("snake"));
    }
}

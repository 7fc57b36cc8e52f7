using EDA.Engine.Alignment;
using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Training;

namespace EDA.Engine.Runs;

/// <summary>Alignment that alternates, step by step, with the training of an online critic, which samples from the policy and labels its candidates.</summary>
/// <param name="data">The data.</param>
/// <param name="curve">Where along it the policy is rolled out; null for nowhere.</param>
internal sealed class OnlineAlignStage(DatasetWork data, LearningCurvePlan? curve) : AlignStage(curve)
{
    public override IReadOnlyList<string> Needs => [RunStages.Behavior, RunStages.Label];

    public override IReadOnlyList<string> Reports => [CriticTraining.StageName, .. base.Reports];

    public override object DependsOn(RunSettings settings) => new { Critic = CriticStage.Of(settings), settings.Critic.ClipsActions, Alignment = base.DependsOn(settings) };

    public override IReadOnlyList<string> Leaves(StageFiles files) => [files.CriticWeights, files.CriticState, .. base.Leaves(files)];

    public override void RequireSettings(SeedRun seed)
    {
        CriticStage.Require(seed);
        base.RequireSettings(seed);
    }

    public override void Run(StageWork work)
    {
        var (seed, settings, files) = (work.Seeds[0], work.Settings, work.Seeds[0].Files);
        using var behaviors = FinishedBehaviors(work);
        using var policies = behaviors.Copy();
        using var opened = new OpenedBatches();
        var (trained, batches) = Open(work, behaviors.Models[0], policies.Models[0], opened);
        HostMemory.GiveBack(); // the states' copy, where they are on the device
        using var alignment = new PolicyAlignment(settings.Alignment, policies, behaviors, batches, settings.Seed, work.Optimizer);
        if (StateFile.Exists(files.CriticState) && StateFile.Exists(files.AlignmentState))
        {
            var saved = TrainingState.LoadTogether([files.CriticState, files.AlignmentState], [trained.Training.Identity, alignment.Identity], work.Notice);
            trained.Training.Take(saved[0], files.CriticState);
            alignment.Take(saved[1], files.AlignmentState);
        }

        var online = new OnlineTraining(trained.Training, alignment);
        StateSaving.Run(alignment, work.Saving, Save, () => online.Run(seed.Training, cancellation: work.Cancellation), Curve(work, policies, alignment));

        bool Save()
        {
            // Within a step the critic is one ahead: such a pair is not to be gone on from.
            if (seed.Training.Divergence is not null || trained.Training.Step != alignment.Step)
                return false;
            trained.SaveWeights(files);
            policies.Models[0].ToWeights().Save(files.PolicyWeights, overwrite: true);

            // A kill between the two leaves a pair of one step all the same: that of one, and the one before of the other.
            trained.Training.SaveState(files.CriticState);
            alignment.SaveState(files.AlignmentState);
            return true;
        }
    }

    // The states come first: the dataset gives its rows back when the critic has them.
    private (CriticInTraining Critic, AlignmentBatches Batches) Open(StageWork work, BottleneckDiffusionModel behavior, BottleneckDiffusionModel policy, OpenedBatches opened)
    {
        float[] states = data.LabelledStates(work.Settings);
        var candidates = opened.Add(data.Candidates(work.Settings, behavior, states).OpenFile(work.Seeds[0].Files.Candidates));
        var trained = opened.Add(new CriticInTraining(work, data.View, null, policy));
        return (trained, opened.Add(AlignmentBatches.LabelledAsDrawn(states, candidates, trained.Critic, work.Memory)));
    }
}

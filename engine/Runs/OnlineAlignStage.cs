using EDA.Engine.Alignment;
using EDA.Engine.Checkpoints;
using EDA.Engine.Critics;
using EDA.Engine.Diffusion;
using EDA.Engine.Training;

namespace EDA.Engine.Runs;

/// <summary>Alignment that alternates, step by step, with the training of an online critic, which samples from the policy and labels its candidates.</summary>
/// <param name="data">The data.</param>
internal sealed class OnlineAlignStage(DatasetWork data) : AlignStage
{
    private const string NewSuffix = ".new";

    public override IReadOnlyList<string> Needs => [RunStages.Behavior, RunStages.Label];

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
        float[] states = data.LabelledStates(settings);
        using var candidates = data.Candidates(settings, behaviors.Models[0], states).OpenFile(files.Candidates);
        using var trained = new CriticInTraining(work.Device, settings, data.View, null, policies.Models[0], work.Optimizer);
        using var batches = new CandidateBatches(states, candidates, trained.Critic);
        using var alignment = new PolicyAlignment(settings.Alignment, policies, behaviors, batches, settings.Seed, work.Optimizer);
        if (File.Exists(files.CriticState) && File.Exists(files.AlignmentState))
        {
            trained.Training.LoadState(files.CriticState);
            alignment.LoadState(files.AlignmentState);
            if (trained.Training.Step != alignment.Step)
                throw new InvalidFileException(files.CriticState, $"is {trained.Training.Step} steps old where the alignment's is {alignment.Step}; the two go together");
        }

        var online = new OnlineTraining(trained.Training, alignment);
        StateSaving.Run(alignment, Save, () => online.Run(seed.Training, cancellation: work.Cancellation));

        bool Save()
        {
            // Within a step the critic is one ahead: such a pair is not to be gone on from.
            if (seed.Training.Divergence is not null || trained.Training.Step != alignment.Step)
                return false;
            trained.SaveWeights(files);
            policies.Models[0].ToWeights().Save(files.PolicyWeights, overwrite: true);

            // Neither state takes its place before both are on disk.
            string critic = files.CriticState + NewSuffix, aligned = files.AlignmentState + NewSuffix;
            try
            {
                trained.Training.SaveState(critic);
                alignment.SaveState(aligned);
                File.Move(critic, files.CriticState, overwrite: true);
                File.Move(aligned, files.AlignmentState, overwrite: true);
            }
            finally
            {
                File.Delete(critic);
                File.Delete(aligned);
            }

            return true;
        }
    }
}

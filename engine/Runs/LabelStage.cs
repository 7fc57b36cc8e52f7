using EDA.Engine.Alignment;
using EDA.Engine.Data;

namespace EDA.Engine.Runs;

/// <summary>Candidates of the behavior, or weighted, model and, where there is a finished critic, their labels (method: section 5).</summary>
/// <param name="data">The data.</param>
/// <param name="from">The stage that leaves the model.</param>
/// <param name="labels">Whether they are labelled here: an online critic labels them as they are drawn.</param>
internal sealed class LabelStage(DatasetWork data, string from, bool labels) : RunStage
{
    public override string Name => RunStages.Label;

    public override string Section => "labels";

    public override IReadOnlyList<string> Needs => labels ? [from, RunStages.Critic] : [from];

    public override IReadOnlyList<string> Reports => [CandidateSampling.StageName, CandidateLabelling.StageName];

    // The labels clip as the critic does, though an implicit one's weights do not depend on it.
    public override object DependsOn(RunSettings settings) => new { settings.Labels, settings.Candidates, ClipsActions = labels && settings.Critic.ClipsActions };

    // The candidates of a smaller K are the first of a larger one's, and a share's states are among those of a larger share.
    public override RunSettings WithoutAmounts(RunSettings settings) =>
        settings with { Alignment = settings.Alignment with { Candidates = 2 }, Method = settings.Method.WithCandidates(2), Labels = settings.Labels with { Fraction = 1 } };

    public override bool Serves(RunSettings one, RunSettings other) =>
        one.Candidates >= other.Candidates && one.Labels.Fraction >= other.Labels.Fraction;

    public override IReadOnlyList<string> Leaves(StageFiles files) => [.. RowStore.FilesOf(files.Candidates), .. RowStore.FilesOf(files.Labels)];

    public override StageProgress Progress(SeedRun seed)
    {
        var candidates = StageOf(seed.Files.Candidates);
        return candidates.IsDone && labels ? StageOf(seed.Files.Labels) : candidates;

        StageProgress StageOf(string path) => RowStore.Find(path) is { } found ? new(found.Completed, found.Count) : new(0, data.IsOpen ? data.LabelledCount(seed.Settings) : 1);
    }

    public override void RequireSettings(SeedRun seed) => data.Candidates(seed.Settings, seed.Files).Require();

    public override void Run(StageWork work)
    {
        var (seed, settings, files) = (work.Seeds[0], work.Settings, work.Seeds[0].Files);
        using var behavior = SavedModels.Diffusion(work.Device, files.WeightsOf(from))!;
        using var critic = labels ? SavedModels.Critic(work.Device, settings, files) : null;
        var set = data.Candidates(settings, files);
        var (candidates, sampling) = set.OpenCandidates(behavior);
        using var opened = candidates;
        sampling.Run(candidates, seed.Training, work.Cancellation);
        if (critic is null || !candidates.IsComplete)
            return;
        var (store, labelling) = set.OpenLabels(behavior, critic, candidates);
        using var openedLabels = store;
        labelling.Run(store, seed.Training, work.Cancellation);
    }
}

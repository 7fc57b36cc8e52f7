using EDA.Engine.Evaluation;
using EDA.Engine.Evaluation.Recordings;

namespace EDA.Engine.Runs;

/// <summary>Measures the policies of a folder on states of the dataset, where there is no environment to roll them out in.</summary>
/// <param name="data">The data.</param>
/// <param name="open">Opens the policies of a seed's folder.</param>
internal sealed class RatingStage(DatasetWork data, Func<StageWork, Contenders> open) : ContenderStage(data, open)
{
    public override object DependsOn(RunSettings settings)
    {
        var evaluation = settings.Evaluation;
        return new { evaluation.RatedStates, evaluation.Seed, evaluation.Candidates, evaluation.Acting, evaluation.SolverEvaluations, settings.Method };
    }

    public override IReadOnlyList<string> Leaves(StageFiles files) => [files.ActionSamples];

    protected override void Measure(StageWork work, Contenders contenders)
    {
        var seed = work.Seeds[0];
        seed.Lock?.Require();
        EpisodeRecording.Clear(seed.Files.Episodes);
        seed.Ratings = DatasetRatings.Measure(contenders, Data.Dataset, seed.Settings.Evaluation, seed.Training, work.Cancellation);
        Data.Dataset.Release();
    }
}

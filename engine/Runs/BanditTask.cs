using EDA.Engine.Data;

namespace EDA.Engine.Runs;

/// <summary>A run on a 2-D bandit (method: section 7).</summary>
/// <param name="Name">The name, as typed.</param>
/// <param name="Bandit">The name of a row of <see cref="Data.Bandit.Table"/>.</param>
/// <param name="Summary">What it is, in one line.</param>
public sealed record BanditTask(string Name, string Bandit, string Summary) : RunTask(Name, Summary)
{
    /// <summary>One for each bandit.</summary>
    public static IReadOnlyList<BanditTask> Each { get; } =
        [.. Data.Bandit.Table.All.Select(bandit => new BanditTask("bandit-" + bandit.Name, bandit.Name, bandit.Summary))];

    /// <inheritdoc/>
    public override RunKind Kind => RunKind.Bandit;

    /// <inheritdoc/>
    public override bool TrainsSeedsSideBySide => true;

    /// <inheritdoc/>
    public override void Check(RunSettings settings, RunInputs inputs) => settings.Check();

    /// <inheritdoc/>
    public override IReadOnlyList<RunStage> Stages(IReadOnlyList<RunSettings> seeds, RunInputs inputs)
    {
        var datasets = new Lazy<IReadOnlyList<BanditDataset>>(() => [.. seeds.Select(seed => BanditDataset.Create(Bandit, seed.Points, seed.Seed))]);
        return seeds[0].Method.Row.Stages(seeds, datasets);
    }

    /// <inheritdoc/>
    public override RunSettings Paper() => new() { Bandit = Bandit, Behavior = new() { LearningRate = 1e-4 } };
}

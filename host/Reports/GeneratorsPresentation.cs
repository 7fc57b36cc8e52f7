using System.Text.Json.Nodes;
using EDA.Engine.Baselines.Generators;
using EDA.Engine.Runs;
using EDA.Host.Figures;
using EDA.Kernels;

namespace EDA.Host.Reports;

/// <summary>What a comparison of generative models shows: the points of each, and their energy distances to the data.</summary>
internal sealed class GeneratorsPresentation : RunPresentation
{
    /// <summary>The key of a model's energy distance in result.json.</summary>
    public static string KeyOf(string model) => "energy_distance_" + model;

    /// <summary>The energy distances that result.json holds, by the models' keys; null where it does not hold all.</summary>
    public static IReadOnlyDictionary<string, double>? Read(JsonObject result) => GeneratorModel.All.All(model => result[KeyOf(model.Key)] is not null)
        ? GeneratorModel.All.ToDictionary(model => model.Key, model => result[KeyOf(model.Key)]!.GetValue<double>())
        : null;

    public override NumberTable? Table(RunOutcome outcome) => outcome.EnergyDistances is not { } distances ? null : new(
        ["energy distance"],
        [.. GeneratorModel.All.Select(model => new NumberRow(KeyOf(model.Key), [GeneratorFigure.Number(distances[model.Key])], model.Describe(outcome.Settings)))]);

    public override void AddNumbers(RunOutcome outcome, JsonObject document)
    {
        document["method"] = outcome.Settings.Method.Row.Name;
        foreach (var model in GeneratorModel.All)
            document[KeyOf(model.Key)] = outcome.EnergyDistances?[model.Key];
    }

    public override IEnumerable<KeyValuePair<string, double>> Numbers(RunOutcome outcome) =>
        outcome.EnergyDistances!.Select(distance => KeyValuePair.Create(KeyOf(distance.Key), distance.Value));

    public override IEnumerable<string> Lines(RunOutcome outcome) => outcome.EnergyDistances is not { } distances ? [] :
        [.. GeneratorModel.All.Select(model => Line(model, outcome, FormattableString.Invariant($"{distances[model.Key]:0.0000}")))];

    public override IEnumerable<string> Lines(RunOutcome example, IReadOnlyDictionary<string, Spread> numbers) =>
        GeneratorModel.All.Where(model => numbers.ContainsKey(KeyOf(model.Key))).Select(model => Line(model, example, numbers[KeyOf(model.Key)].Show(4)));

    public override IEnumerable<Figure> Draw(RunOutcome outcome, RunResult? result, MetricsHistory history, IDevice device, RunFolder folder)
    {
        if (result?.Generators is { } comparison)
        {
            yield return GeneratorFigure.Draw(
                [.. comparison.Columns.Select(column => (column.Model.Title(outcome.Settings), BanditFigureSource.Planar(column.Points, new float[column.Points.Length / 2]), column.EnergyDistance))],
                BanditFigureSource.Extent(comparison.Columns.Single(column => column.Model == GeneratorModel.Data).Points));
        }

        if (history.Curves is { Count: > 0 } curves)
            yield return CurveFigure.Losses(curves);
    }

    public override string Overview(RunSettings run) =>
        FormattableString.Invariant($"seed {run.Seed}: points of each model, and beneath them their energy distance to fresh points");

    private static string Line(GeneratorModel model, RunOutcome outcome, string distance) => FormattableString.Invariant($"{model.Title(outcome.Settings),-20} energy distance {distance}");
}

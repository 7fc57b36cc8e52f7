using System.CommandLine;
using EDA.Engine.Diffusion;
using EDA.Host.CommandLine;
using EDA.Host.Tables;
using EDA.Kernels;

namespace EDA.Host.Commands;

/// <summary>What eda density and eda score share: points in, points with further columns out.</summary>
internal static class PointwiseCommand
{
    public static Command Create(
        string name,
        string description,
        Func<BdmShape, IReadOnlyList<string>> columns,
        Func<BottleneckDiffusionModel, float[], float[], float[], float[]> evaluate)
    {
        var weights = new Option<string?>("--weights") { Description = "the .safetensors file of the network", HelpName = "FILE" };
        var prefix = WeightsPrefix.Create();
        var source = new Option<string?>("--in") { Description = "the CSV file of points, with columns a0…, s0…, t", HelpName = "FILE" };
        var target = new Option<string?>("--out") { Description = "the CSV file to write, which must not exist yet", HelpName = "FILE" };
        var device = new DeviceOptions();
        var command = new Command(name, description) { weights, prefix, source, target };
        device.AddTo(command);
        command.SetAction(result =>
        {
            string weightsPath = Values.ExistingFile(weights.Name, result.Required(weights));
            string sourcePath = Values.ExistingFile(source.Name, result.Required(source));
            string targetPath = Values.NewFile(target.Name, result.Required(target));
            using var opened = device.Of(result).Open();
            using var model = BottleneckDiffusionModel.FromWeights(opened, result.Load(prefix, weightsPath));
            var actions = ColumnNames.Actions(model.Shape);
            var states = ColumnNames.States(model.Shape);
            var table = PointTable.Read(sourcePath, [.. actions, .. states, ColumnNames.Time]);
            float[] times = table.Values(ColumnNames.Time, (float)model.Schedule.Variance.TimeMin, 1);
            float[] values = evaluate(model, table.Values(actions), times, table.Values(states));
            FiniteOutput.Require(weightsPath, values, values.Length / table.Count, "row");
            table.WriteWith(targetPath, columns(model.Shape), values);
            return ExitStatus.Success;
        });
        return command;
    }
}

/// <summary>eda density: f of points in a CSV file.</summary>
internal static class DensityCommand
{
    public static Command Create() => PointwiseCommand.Create(
        "density",
        "Evaluate f(a_t | s, t), the log-density up to a constant, at points of a CSV file.",
        _ => [ColumnNames.Density],
        (model, actions, times, states) => model.Density(actions, times, states));
}

/// <summary>eda score: the predicted noise at points in a CSV file.</summary>
internal static class ScoreCommand
{
    public static Command Create() => PointwiseCommand.Create(
        "score",
        "Evaluate the predicted noise −σ_t ∇f at points of a CSV file.",
        ColumnNames.Noise,
        (model, actions, times, states) => model.Score(actions, times, states));
}

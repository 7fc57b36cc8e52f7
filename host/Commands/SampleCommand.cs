using System.CommandLine;
using EDA.Engine.Diffusion;
using EDA.Host.CommandLine;
using EDA.Host.Tables;
using EDA.Kernels;

namespace EDA.Host.Commands;

/// <summary>eda sample: draws actions from a network.</summary>
internal static class SampleCommand
{
    private const int MostSamples = 1 << 26;
    private const int DefaultCandidates = 16;

    public static Command Create()
    {
        var weights = new Option<string?>("--weights") { Description = "the .safetensors file of the network", HelpName = "FILE" };
        var prefix = WeightsPrefix.Create();
        var states = new Option<string?>("--states") { Description = "the CSV file of states, with columns s0…; for a network with states", HelpName = "FILE" };
        var candidates = new Option<string?>("--k") { Description = $"actions per state ({DefaultCandidates}); for a network with states", HelpName = "K" };
        var count = new Option<string?>("--n") { Description = "the number of actions; for a network without states", HelpName = "N" };
        var seed = new Option<string?>("--seed") { Description = "the seed of the starting points (0)", HelpName = "N" };
        var target = new Option<string?>("--out") { Description = "the CSV file to write, which must not exist yet", HelpName = "FILE" };
        var device = new DeviceOptions();
        var command = new Command("sample", "Draw actions with DPM-Solver++, 15 evaluations each.") { weights, prefix, states, candidates, count, seed, target };
        device.AddTo(command);
        command.SetAction(result =>
        {
            string weightsPath = Values.ExistingFile(weights.Name, result.Required(weights));
            string targetPath = Values.NewFile(target.Name, result.Required(target));
            int? k = result.WholeNumber(candidates, 1, MostSamples);
            int? n = result.WholeNumber(count, 1, MostSamples);
            var draw = new RandomDraw(result.Seed(seed), RandomStage.Sampling, 0);
            using var opened = device.Of(result).Open();
            using var model = BottleneckDiffusionModel.FromWeights(opened, result.Load(prefix, weightsPath));
            float[] rows = [];
            int stateCount = 1;
            int perState;
            if (model.Shape.StateSize == 0)
            {
                if (result.GetValue(states) is { } given)
                    throw UserError.Value(states.Name, given, "nothing, because these weights take no state; say --n");
                if (k is not null)
                    throw UserError.Value(candidates.Name, k.Value.ToString(CultureInfo.InvariantCulture), "nothing, because these weights take no state; say --n");
                perState = n ?? throw new UserError($"{count.Name} is missing; it is {count.Description}");
            }
            else
            {
                if (n is not null)
                    throw UserError.Value(count.Name, n.Value.ToString(CultureInfo.InvariantCulture), "nothing, because these weights take states; say --states and --k");
                var names = ColumnNames.States(model.Shape);
                var table = PointTable.Read(Values.ExistingFile(states.Name, result.Required(states)), names);
                rows = table.Values(names);
                stateCount = table.Count;
                perState = k ?? DefaultCandidates;
            }

            // All actions are one array of numbers.
            int most = Math.Min(MostSamples, Array.MaxLength / model.Shape.ActionSize) / stateCount;
            if (perState > most)
                throw UserError.Value(n is null ? candidates.Name : count.Name, perState.ToString(CultureInfo.InvariantCulture), $"at most {most}, so that all actions fit one array");

            float[] actions = model.Sample(stateCount, perState, draw, rows);
            FiniteOutput.Require(weightsPath, actions, perState * model.Shape.ActionSize, "state");
            Write(targetPath, model.Shape, actions, perState);
            return ExitStatus.Success;
        });
        return command;
    }

    private static void Write(string path, BdmShape shape, float[] actions, int perState)
    {
        using var csv = CsvFile.Create(path);
        csv.Row([ColumnNames.State, ColumnNames.Candidate, .. ColumnNames.Actions(shape)]);
        int size = shape.ActionSize;
        for (int i = 0; i < actions.Length / size; i++)
        {
            string state = (i / perState).ToString(CultureInfo.InvariantCulture);
            string candidate = (i % perState).ToString(CultureInfo.InvariantCulture);
            csv.Row([state, candidate, .. actions.AsSpan(i * size, size).ToArray().Select(CsvFile.Text)]);
        }
    }
}

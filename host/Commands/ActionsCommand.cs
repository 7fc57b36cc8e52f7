using System.CommandLine;
using EDA.Engine.Evaluation;
using EDA.Engine.Files;
using EDA.Engine.Runs;
using EDA.Host.CommandLine;
using EDA.Host.Devices;
using EDA.Host.Figures;
using EDA.Host.Reports;
using EDA.Host.Runs;

namespace EDA.Host.Commands;

/// <summary>eda actions: what the policies of a run would do in states of its dataset that the user names.</summary>
internal static class ActionsCommand
{
    private const int MostStates = 16, LeastSamples = 16, MostSamples = 4096;
    private const string Image = ".svg", Arrays = ".npz";

    public static Command Create()
    {
        var folder = new Argument<string?>("RUNFOLDER") { Description = "the run folder, of a run on a dataset", Arity = ArgumentArity.ZeroOrOne };
        var rows = new Option<string?>("--rows") { Description = $"rows of the dataset, from 0, separated by commas; at most {MostStates}", HelpName = "N,N" };
        var samples = new Option<string?>("--samples") { Description = $"sampled actions of each policy in each state, {LeastSamples} to {MostSamples} ({ActionSampling.Candidates})", HelpName = "K" };
        var dataset = new Option<string?>("--dataset") { Description = "the run's dataset, where its file has moved", HelpName = "FILE" };
        var target = new Option<string?>("--out") { Description = $"the file to write, which must not exist yet: {Image} for the figure, {Arrays} for the numbers", HelpName = "FILE" };
        var device = new DeviceOptions();
        var command = new Command("actions", "Draw what behavior and policy of a run would do in states of its dataset.") { folder, rows, samples, dataset, target };
        device.AddTo(command);
        command.SetAction(result =>
        {
            var opened = RunFolder.Open(result.GetValue(folder) ?? throw new UserError($"{folder.Name} is missing; it is {folder.Description}"));
            string rowWords = result.Required(rows), path = Values.NewFile(target.Name, result.Required(target));
            if (Path.GetExtension(path) is not (Image or Arrays))
                throw UserError.Value(target.Name, path, $"a name that ends with {Image} or {Arrays}");
            int count = result.WholeNumber(samples, LeastSamples, MostSamples) ?? ActionSampling.Candidates;
            var request = RunRequest.FromConfig(opened);
            if (request.Settings.Kind != RunKind.Dataset)
                throw UserError.Value(folder.Name, opened.ShownPath, "the folder of a run on a dataset; a bandit has no states, and its page has its samples");
            if (result.GetValue(dataset) is { } file)
                request = request with { Dataset = Path.GetFullPath(Values.ExistingFile(dataset.Name, file)) };
            var inputs = request.Open(rollsOut: false);
            int[] chosen = Rows(rows.Name, rowWords, inputs.Dataset!.Count);
            using var where = (device.IsGiven(result) ? device.Of(result) : DeviceChoice.Parse(request.Device, request.Precision)).Open();
            var found = Sample(new RunPipeline(where, request.Task, inputs, request.Settings, new StageFiles(opened.Checkpoints)), chosen, count, opened)
                ?? throw UserError.Value(folder.Name, opened.ShownPath, $"a run whose policies have a distribution to look at; those of {request.Settings.Method.Row} have none here");
            if (Path.GetExtension(path) == Arrays)
                found.Save(path);
            else
                WholeFile.Write(path, overwrite: false, temporary => File.WriteAllText(temporary, ActionFigure.Draw(found).Svg));
            Console.Out.WriteLine($"{path}: {string.Join(", ", found.Policies.Select(policy => policy.Name))} in {chosen.Length} {(chosen.Length == 1 ? "state" : "states")}, {count} samples each");
            return ExitStatus.Success;
        });
        return command;
    }

    private static ActionSamples? Sample(RunPipeline pipeline, int[] rows, int count, RunFolder folder)
    {
        try
        {
            return pipeline.SampleActions(rows, count);
        }
        catch (UnfinishedStageException error)
        {
            throw new UserError($"{error.Message}: {OwnProgram.Command} {error.Stage} {folder.ShownPath}");
        }
    }

    private static int[] Rows(string option, string words, int count)
    {
        var rows = new List<int>();
        foreach (string word in words.Split(','))
        {
            if (!int.TryParse(word.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int row) || row >= count || rows.Count == MostStates)
                throw UserError.Value(option, words, FormattableString.Invariant($"1 to {MostStates} whole numbers from 0 to {count - 1}, separated by commas"));
            rows.Add(row);
        }

        return [.. rows];
    }
}

using System.CommandLine;
using EDA.Engine;
using EDA.Engine.Data;
using EDA.Host.CommandLine;
using EDA.Host.Libraries;

namespace EDA.Host.Commands;

/// <summary>eda data convert: writes a dataset in another format.</summary>
internal static class DataConvertCommand
{
    private static readonly string[] Carried = ["observations", "actions", "rewards", "terminals", "timeouts"];

    public static Command Create()
    {
        var source = new Argument<string?>("IN") { Description = "the dataset to read: HDF5 of D4RL or Minari, NPZ, CSV", Arity = ArgumentArity.ZeroOrOne };
        var target = new Argument<string?>("OUT") { Description = $"the file to write, which must not exist yet; its ending says how: {string.Join(", ", DatasetFile.Extensions)}", Arity = ArgumentArity.ZeroOrOne };
        var environment = DataCommand.EnvironmentOption();
        var trust = RunOptions.CreateTrustOrder();
        var command = new Command("convert", "Write a dataset in another format: the same float32 numbers in D4RL's layout.") { source, target, environment, trust };
        command.SetAction(result =>
        {
            string sourcePath = Values.ExistingFile(source.Name, DataCommand.Required(result, source));
            string targetPath = Values.NewFile(target.Name, DataCommand.Required(result, target));
            if (!DatasetFile.HasFormat(targetPath))
                throw UserError.Value(target.Name, targetPath, $"a file that ends in {string.Join(", ", DatasetFile.Extensions)}");
            Hdf5Trial.Require(sourcePath);
            var inspection = DatasetInspection.Of(sourcePath, DataCommand.Environment(result, environment));
            if (inspection.Dataset is not { } dataset)
                throw new UserError($"{sourcePath}: {inspection.Problems[0]}");
            if (inspection.Disorder is { } disorder && !result.GetValue(trust))
                throw new InvalidFileException(sourcePath, $"{disorder}; {trust.Name} takes them as they stand");
            DatasetFile.Write(dataset, targetPath);
            Console.WriteLine(FormattableString.Invariant($"{targetPath}: {dataset.Count} rows, S = {dataset.StateSize}, A = {dataset.ActionSize}, {dataset.Episodes.Count} episodes"));
            string[] left = [.. dataset.Provenance.Format.StartsWith("D4RL", StringComparison.Ordinal) || dataset.Provenance.Format == "NPZ"
                ? inspection.Fields.Select(field => field.Name).Except(Carried)
                : []];
            if (left.Length > 0)
                Console.WriteLine($"not carried over: {string.Join(", ", left)}");
            return ExitStatus.Success;
        });
        return command;
    }
}

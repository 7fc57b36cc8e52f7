using System.Text.Json;
using System.Text.Json.Nodes;
using EDA.Engine;
using EDA.Engine.Data;
using EDA.Engine.Environments;
using EDA.Engine.Environments.Mujoco;
using EDA.Engine.Stages;
using EDA.Host.CommandLine;
using EDA.Host.Devices;
using EDA.Host.Reports;
using EDA.Kernels;

namespace EDA.Host.Recipes;

/// <summary>What the user asked of a run on a dataset, now or when the run folder was made.</summary>
public sealed record OfflineRequest
{
    private const string DatasetKey = "dataset", ModelKey = "model", LabelsKey = "labelsFile", OptionsKey = "options";
    private const string RecipeKey = "recipe", BudgetKey = "budget", DeviceKey = "device", PrecisionKey = "precision";

    /// <summary>The recipe.</summary>
    public required OfflineRecipe Recipe { get; init; }

    /// <summary>The budget's name.</summary>
    public required string Budget { get; init; }

    /// <summary>The device's name.</summary>
    public required string Device { get; init; }

    /// <summary>The precision as it was given; null where none was.</summary>
    public string? Precision { get; init; }

    /// <summary>The dataset's file; null where the task makes its data.</summary>
    public string? Dataset { get; init; }

    /// <summary>The SHA-256 that the file had when the run began; null for a new run.</summary>
    public string? Sha256 { get; init; }

    /// <summary>The environment's model file, for the kitchen.</summary>
    public string? Model { get; init; }

    /// <summary>The user's own annotations; null where the critic labels.</summary>
    public string? Labels { get; init; }

    /// <summary>The settings that all of this comes to.</summary>
    public required OfflineRun Settings { get; init; }

    /// <summary>The options beside recipe, seed, budget and device, as they were given.</summary>
    public required IReadOnlyList<string> Options { get; init; }

    /// <summary>The command that does the same again, quoted for a shell.</summary>
    public string Command => ShellWords.Join(
        ["./eda", "run", Recipe.Name, "--seed", Settings.Seed.ToString(CultureInfo.InvariantCulture), "--budget", Budget, .. Options, "--device", Device, .. Precision is null ? (string[])[] : ["--precision", Precision]]);

    /// <summary>The task.</summary>
    public OfflineTask Task => Recipe.Task ?? OfflineTask.ForEnvironment(Recipe.Name, Settings.Environment);

    /// <summary>The environment.</summary>
    /// <param name="rollsOut">Whether it is to be stepped, so that its library must be there.</param>
    /// <returns>The environment.</returns>
    /// <exception cref="UserError">The model file is missing.</exception>
    /// <exception cref="InvalidSettingException">It is given and not needed.</exception>
    /// <exception cref="InvalidFileException">The model file is not the environment's.</exception>
    /// <exception cref="MissingLibraryException">Its library is not there.</exception>
    public EnvironmentKind OpenEnvironment(bool rollsOut)
    {
        var kind = EnvironmentCatalogue.Find(Settings.Environment);
        if (!rollsOut && Model is null)
            return kind;
        if (rollsOut && kind.NeedsMujoco)
            MujocoLibrary.OfMachine.Require();
        if (Model is null && kind.NeededModel is { } needed)
            throw new UserError($"--model is missing; it is D4RL's {needed}, in its folder with the files it names");
        kind = kind.WithModel(Model);
        if (rollsOut)
            kind.Create().Dispose(); // what is wrong with its model is better known now than after training
        return kind;
    }

    /// <summary>Reads or makes the dataset.</summary>
    /// <returns>The dataset.</returns>
    /// <exception cref="InvalidFileException">The file is not fit for use, or not the one that the run began with.</exception>
    public OfflineDataset OpenDataset()
    {
        if (Dataset is null)
            return GeneratedDataset.Create(Settings);
        var dataset = OfflineDataset.Load(Dataset, Task.Source, EnvironmentCatalogue.Find(Settings.Environment).Description.StepLimit);
        return Sha256 is null || Sha256 == dataset.Provenance.Sha256
            ? dataset
            : throw new InvalidFileException(Dataset, $"is not the file that this run began with: its SHA-256 is {dataset.Provenance.Sha256} and not {Sha256}");
    }

    /// <summary>The document of config.json.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <returns>The document.</returns>
    public JsonObject ToConfig(OfflineDataset dataset)
    {
        var document = RunDocuments.Config(Recipe.Name, Budget, Device, Precision ?? DeviceChoice.DefaultPrecision, Command, Settings);
        document[OptionsKey] = new JsonArray([.. Options.Select(word => (JsonNode)word)]);
        document[DatasetKey] = new JsonObject
        {
            ["path"] = Dataset ?? dataset.Provenance.Path,
            ["format"] = dataset.Provenance.Format,
            ["bytes"] = dataset.Provenance.Bytes,
            ["sha256"] = dataset.Provenance.Sha256,
            ["count"] = dataset.Count,
        };
        document[ModelKey] = Model;
        document[LabelsKey] = Labels;
        return document;
    }

    /// <summary>Reads what a run folder was made for.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>The request.</returns>
    /// <exception cref="InvalidFileException">config.json is broken or not of a run on a dataset.</exception>
    public static OfflineRequest FromConfig(RunFolder folder)
    {
        try
        {
            var document = JsonNode.Parse(File.ReadAllText(folder.Config))!.AsObject();
            string name = document[RecipeKey]!.GetValue<string>();
            if (Recipes.Recipe.All.FirstOrDefault(recipe => recipe.Name == name) is not OfflineRecipe recipe)
                throw new InvalidFileException(folder.Config, $"is of {name}, which has no stages to run one by one");
            var dataset = document[DatasetKey]!.AsObject();
            return new OfflineRequest
            {
                Recipe = recipe,
                Budget = document[BudgetKey]!.GetValue<string>(),
                Device = document[DeviceKey]!.GetValue<string>(),
                Precision = document[DeviceKey]!.GetValue<string>() == DeviceChoice.Default ? null : document[PrecisionKey]?.GetValue<string>(),
                Dataset = recipe.TakesDataset ? dataset["path"]!.GetValue<string>() : null,
                Sha256 = dataset["sha256"]?.GetValue<string>(),
                Model = document[ModelKey]?.GetValue<string>(),
                Labels = document[LabelsKey]?.GetValue<string>(),
                Settings = document.Deserialize<OfflineRun>(SettingPaths.Json)!,
                Options = [.. document[OptionsKey]!.AsArray().Select(word => word!.GetValue<string>())],
            };
        }
        catch (Exception error) when (error is JsonException or NullReferenceException or InvalidOperationException or FormatException)
        {
            throw new InvalidFileException(folder.Config, "is not the configuration of a run on a dataset", error);
        }
        catch (InvalidSettingException error)
        {
            throw new InvalidFileException(folder.Config, error.Message, error);
        }
    }
}

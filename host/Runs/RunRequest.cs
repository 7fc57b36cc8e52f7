using System.Text.Json;
using System.Text.Json.Nodes;
using EDA.Engine;
using EDA.Engine.Alignment;
using EDA.Engine.Data;
using EDA.Engine.Environments;
using EDA.Engine.Environments.Mujoco;
using EDA.Engine.Runs;
using EDA.Host.CommandLine;
using EDA.Host.Devices;
using EDA.Host.Libraries;
using EDA.Host.Reports;
using EDA.Kernels;

namespace EDA.Host.Runs;

/// <summary>What the user asked of a run, now or when the run folder was made.</summary>
public sealed record RunRequest
{
    /// <summary>The option by which a dataset's rows are taken as they stand.</summary>
    public const string TrustOrder = "--trust-order";

    private const string DatasetKey = "dataset", ModelKey = "model", LabelsKey = "labelsFile", OptionsKey = "options";
    private const string RecipeKey = "recipe", BudgetKey = "budget", DeviceKey = "device", PrecisionKey = "precision";

    /// <summary>The task; one of any file has the environment that was named.</summary>
    public required RunTask Task { get; init; }

    /// <summary>The budget's name.</summary>
    public required string Budget { get; init; }

    /// <summary>The device's name.</summary>
    public required string Device { get; init; }

    /// <summary>The precision as it was given; null where none was.</summary>
    public string? Precision { get; init; }

    /// <summary>Whether a GPU is to launch kernel by kernel; config.json does not keep it, for it changes no result.</summary>
    public bool NoGraphs { get; init; }

    /// <summary>The dataset's file; null where the task makes its data.</summary>
    public string? Dataset { get; init; }

    /// <summary>The SHA-256 that the file had when the run began; null for a new run.</summary>
    public string? Sha256 { get; init; }

    /// <summary>The environment's model file, for the kitchen.</summary>
    public string? Model { get; init; }

    /// <summary>The user's own annotations; null where the critic labels.</summary>
    public string? Labels { get; init; }

    /// <summary>The settings that all of this comes to; of the first seed where there are several.</summary>
    public required RunSettings Settings { get; init; }

    /// <summary>The seeds; null for one alone.</summary>
    public SeedRange? Seeds { get; init; }

    /// <summary>The options beside recipe, seed, budget and device, as they were given.</summary>
    public required IReadOnlyList<string> Options { get; init; }

    /// <summary>Whether several seeds of it are trained side by side, as one batch.</summary>
    public bool TrainsSeedsSideBySide => Task.TrainsSeedsSideBySide && Settings.Method.Row.TrainsSeedsSideBySide;

    /// <summary>Whether a dataset's rows are taken as they stand where its next_observations say otherwise.</summary>
    public bool TrustsOrder => Options.Contains(TrustOrder);

    /// <summary>The command that does the same again, quoted for a shell.</summary>
    public string Command => ShellWords.Join(
        [
            OwnProgram.Command, "run", Task.Name, .. Seeds is { } seeds ? (string[])["--seeds", seeds.ToString()] : ["--seed", Settings.Seed.ToString(CultureInfo.InvariantCulture)],
            "--budget", Budget, .. Options, "--device", Device, .. Precision is null ? (string[])[] : ["--precision", Precision], .. NoGraphs ? (string[])["--no-graphs"] : [],
        ]);

    /// <summary>What was asked for the seeds of which this is one.</summary>
    /// <param name="seeds">The seeds.</param>
    /// <returns>The request.</returns>
    public RunRequest Of(SeedRange seeds) => this with { Settings = Settings with { Seed = seeds.First }, Seeds = seeds };

    /// <summary>What would have been asked for a run of one of the seeds alone.</summary>
    /// <param name="seed">The seed.</param>
    /// <returns>The request.</returns>
    public RunRequest Alone(ulong seed) => this with { Settings = Settings with { Seed = seed }, Seeds = null };

    /// <summary>Opens everything that a user may have got wrong.</summary>
    /// <param name="rollsOut">Whether the environment is to be stepped, so that its library must be there.</param>
    /// <returns>What the run needs beside its settings, checked.</returns>
    /// <exception cref="UserError">The environment's model file is missing.</exception>
    /// <exception cref="InvalidSettingException">It is given and not needed, or the settings do not fit each other.</exception>
    /// <exception cref="InvalidFileException">A file is not fit for use, or the dataset is not the one that the run began with.</exception>
    /// <exception cref="MissingLibraryException">A library is not there.</exception>
    public RunInputs Open(bool rollsOut)
    {
        var inputs = Task is DatasetTask task ? OpenInputs(task, rollsOut) : new RunInputs();
        Task.Check(Settings, inputs);
        _ = Settings.Optimizer.CreateFactory();
        return inputs;
    }

    /// <summary>The document of config.json.</summary>
    /// <param name="inputs">What the run needs.</param>
    /// <returns>The document.</returns>
    public JsonObject ToConfig(RunInputs inputs)
    {
        var document = RunDocuments.Config(this);
        document[OptionsKey] = new JsonArray([.. Options.Select(word => (JsonNode)word)]);
        if (inputs.Dataset is not { } dataset)
            return document;
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
    /// <exception cref="InvalidFileException">config.json is broken or not of a run.</exception>
    public static RunRequest FromConfig(RunFolder folder)
    {
        try
        {
            var document = RunDocuments.Read(folder.Config);
            var settings = document.Deserialize<RunSettings>(SettingPaths.Json)!;
            var task = RunTask.Table.Find(document[RecipeKey]!.GetValue<string>());
            if (task is DatasetTask { Environment: null } any)
                task = any.In(settings.Environment);
            var dataset = document[DatasetKey]?.AsObject();
            string device = document[DeviceKey]!.GetValue<string>();
            return new RunRequest
            {
                Task = task,
                Budget = document[BudgetKey]!.GetValue<string>(),
                Device = device,
                Precision = document[PrecisionKey]?.GetValue<string>() is { } precision && (device != DeviceChoice.Default || precision != DeviceChoice.DefaultPrecision) ? precision : null,
                Dataset = task is DatasetTask { MakesItsData: false } ? dataset!["path"]!.GetValue<string>() : null,
                Sha256 = dataset?["sha256"]?.GetValue<string>(),
                Model = document[ModelKey]?.GetValue<string>(),
                Labels = document[LabelsKey]?.GetValue<string>(),
                Settings = settings,
                Options = [.. (document[OptionsKey]?.AsArray() ?? []).Select(word => word!.GetValue<string>())],
            };
        }
        catch (Exception error) when (error is JsonException or NullReferenceException or InvalidOperationException or FormatException)
        {
            throw new InvalidFileException(folder.Config, "is not the configuration of a run", error);
        }
        catch (InvalidSettingException error)
        {
            throw new InvalidFileException(folder.Config, error.Message, error);
        }
    }

    // What is small goes first: a missing model file is told before a large dataset is read.
    private RunInputs OpenInputs(DatasetTask task, bool rollsOut)
    {
        var environment = OpenEnvironment(rollsOut);
        var labels = Labels is null ? null : UserLabels.Load(Labels);
        return new RunInputs(OpenDataset(task), environment, labels);
    }

    private EnvironmentKind OpenEnvironment(bool rollsOut)
    {
        var kind = EnvironmentCatalogue.Find(Settings.Environment);
        rollsOut &= Settings.Evaluation.RollsOut;
        if (!rollsOut && Model is null)
            return kind;
        if (rollsOut && kind.NeedsMujoco)
            MujocoLibrary.OfMachine.Require();
        if (rollsOut && Model is null && kind.NeededModel is { } needed)
            throw new UserError($"--model is missing; it is D4RL's {needed}, in its folder with the files it names");
        kind = kind.WithModel(Model);
        if (rollsOut)
            kind.Create().Dispose(); // what is wrong with its model is better known now than after training
        return kind;
    }

    private OfflineDataset OpenDataset(DatasetTask task)
    {
        if (Dataset is null)
            return GeneratedDataset.Create(Settings);
        // A file that the run knows was tried when it began.
        if (Sha256 is null)
            Hdf5Trial.Require(Dataset);
        var dataset = OfflineDataset.Load(Dataset, task.Source, EnvironmentCatalogue.Find(Settings.Environment).Description.StepLimit, TrustsOrder);
        if (dataset.Provenance.Contradiction(Settings.Environment) is { } contradiction)
            Warnings.Once($"{Dataset}: {contradiction}");
        return Sha256 is null || Sha256 == dataset.Provenance.Sha256
            ? dataset
            : throw new InvalidFileException(Dataset, $"is not the file that this run began with: its SHA-256 is {dataset.Provenance.Sha256} and not {Sha256}");
    }
}

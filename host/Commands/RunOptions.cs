using System.CommandLine;
using System.CommandLine.Parsing;
using EDA.Engine;
using EDA.Engine.Alignment;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Environments;
using EDA.Engine.Optimizers;
using EDA.Engine.Runs;
using EDA.Host.CommandLine;
using EDA.Host.Devices;
using EDA.Host.Libraries;
using EDA.Host.Runs;

namespace EDA.Host.Commands;

/// <summary>The options that say what a run is to be.</summary>
public sealed class RunOptions
{
    private readonly Option<string?> _dataset = new("--dataset") { Description = "the dataset: D4RL's or Minari's HDF5, .npz or .csv", HelpName = "FILE" };
    private readonly Option<string?> _environment = new("--env") { Description = "the environment of the dataset, for the recipe d4rl", HelpName = "NAME" };
    private readonly Option<string?> _model = new("--model") { Description = "the model file of the environment, for the kitchen", HelpName = "FILE" };
    private readonly Option<string?> _critic = new("--critic") { Description = $"the critic: {string.Join(", ", CriticMethod.Table.Names)} ({CriticMethod.Implicit.Name})", HelpName = "NAME" };
    private readonly Option<string?> _fraction = new("--label-fraction") { Description = "the share of the dataset's states that is labelled, from 0.01 to 1 (1)", HelpName = "SHARE" };

    private readonly Option<bool> _trustOrder = CreateTrustOrder();
    private readonly Option<bool> _noRollouts = new("--no-rollouts") { Description = "measure policies on states of the dataset instead of in an environment, which then need not be there" };

    /// <summary>The options that only runs on datasets have.</summary>
    public IReadOnlyList<Option<string?>> Own => [_dataset, _environment, _model, _critic, _fraction];

    /// <summary>The seed.</summary>
    public Option<string?> Seed { get; } = new("--seed") { Description = "the seed of everything random but rollouts, which have evaluation.seed (0)", HelpName = "N" };

    /// <summary>The budget.</summary>
    public Option<string?> Budget { get; } = new("--budget") { Description = $"how much work: {string.Join(", ", RunBudgets.NamesOf(RunKind.Dataset))}; bandits have no hour ({RunBudgets.Default})", HelpName = "NAME" };

    /// <summary>The objective.</summary>
    public Option<string?> Objective { get; } = new("--objective") { Description = $"the alignment loss: {string.Join(", ", ObjectiveKind.Table.Names)} ({ObjectiveKind.Value.Name})", HelpName = "NAME" };

    /// <summary>The method.</summary>
    public Option<string?> Method { get; } = new("--method") { Description = $"the method: {string.Join(", ", Engine.Baselines.Method.Table.Names)} ({Engine.Baselines.Method.Eda})", HelpName = "NAME" };

    /// <summary>The optimizer.</summary>
    public Option<string?> Optimizer { get; } = new("--optimizer") { Description = $"what moves the parameters in every stage: {string.Join(", ", OptimizerKind.Table.Names)} ({OptimizerKind.Adam.Name})", HelpName = "NAME" };

    /// <summary>The device.</summary>
    public DeviceOptions Device { get; } = new();

    /// <summary>The assignments.</summary>
    public Option<string[]> Set { get; } = new("--set") { Description = "change one setting, for instance --set behavior.steps=1000; may be repeated", HelpName = "KEY=VALUE", AllowMultipleArgumentsPerToken = true };

    /// <summary>Puts all of them on a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[Seed, Budget, Method, Objective, Optimizer, Set, .. Own])
            command.Options.Add(option);
        command.Options.Add(_trustOrder);
        command.Options.Add(_noRollouts);
        Device.AddTo(command);
    }

    /// <summary>The option that takes a dataset's rows as they stand.</summary>
    public static Option<bool> CreateTrustOrder() =>
        new(RunRequest.TrustOrder) { Description = "take the dataset's rows as they stand, though its next_observations say that they do not follow each other" };

    /// <summary>What a new run is to be.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="name">The recipe's name; null where the user gave none.</param>
    /// <param name="seeds">The seeds; null for one alone.</param>
    /// <param name="budget">The budget where the user names none.</param>
    /// <param name="change">What the command makes of the budget's settings before the user's --set; null for nothing.</param>
    /// <returns>The request.</returns>
    /// <exception cref="UserError">An option is not allowed.</exception>
    public RunRequest Read(ParseResult result, string? name, SeedRange? seeds = null, string budget = RunBudgets.Default, Func<RunSettings, RunSettings>? change = null)
    {
        if (name is null)
            throw new UserError($"recipe is missing; allowed is one of {string.Join(", ", RunTask.Table.All.Select(known => known.Name))}");
        var task = RunTask.Table.Find(name);
        if (task is DatasetTask dataset)
            task = In(dataset, result);
        else if (Own.FirstOrDefault(option => result.GetValue(option) is not null) is { } own)
            throw UserError.Value(own.Name, result.GetValue(own)!, $"nothing, because {task.Name} is not a run on a dataset");
        if (result.GetValue(_noRollouts) && task is not DatasetTask)
            throw UserError.Value(_noRollouts.Name, "given", $"nothing, because {task.Name} is not a run on a dataset");
        if (result.GetValue(_trustOrder) && task is not DatasetTask { MakesItsData: false })
            throw UserError.Value(_trustOrder.Name, "given", $"nothing, because {task.Name} has no dataset of a file");
        budget = result.OneOf(Budget, RunBudgets.NamesOf(task.Kind), budget);
        var critic = result.GetValue(_critic) is null ? null : Row(result, _critic, CriticMethod.Table);
        var method = result.GetValue(Method) is null ? null : Row(result, Method, Engine.Baselines.Method.Table);
        var settings = RunBudgets.Get(budget, task, critic, method) with { Seed = seeds?.First ?? result.Seed(Seed) };
        settings = change?.Invoke(settings) ?? settings;
        RefuseUnused(result, settings);
        if (result.GetValue(Objective) is not null)
            settings = settings with { Alignment = settings.Alignment.With(Row(result, Objective, ObjectiveKind.Table)) };
        if (result.GetValue(Optimizer) is not null)
            settings = settings with { Optimizer = settings.Optimizer with { Name = Row(result, Optimizer, OptimizerKind.Table) } };
        if (result.GetValue(_fraction) is { } share)
            settings = settings with { Labels = settings.Labels with { Fraction = Fraction(share) } };
        if (result.GetValue(_noRollouts))
            settings = settings with { Evaluation = settings.Evaluation with { RollsOut = false } };
        string[] assignments = result.GetValue(Set) ?? [];
        settings = assignments.Aggregate(settings, SettingPaths.Apply);
        if (result.GetValue(_noRollouts) && settings.Evaluation.RollsOut)
            throw UserError.Value(_noRollouts.Name, "given", "nothing, because --set evaluation.rollsOut=true asks for rollouts");
        settings.Check();
        return new RunRequest
        {
            Task = task,
            Budget = budget,
            Device = Device.Of(result).Name,
            Precision = Device.PrecisionGiven(result),
            NoGraphs = Device.NoGraphs(result),
            Dataset = Dataset(result, task),
            Model = Model(result),
            Settings = settings,
            Seeds = seeds,
            Options = [.. Own.Append(Method).Append(Objective).Append(Optimizer).Where(option => result.GetValue(option) is not null).SelectMany(option => (string[])[option.Name, result.GetValue(option)!]), .. assignments.SelectMany(assignment => (string[])["--set", assignment]), .. Flags(result)],
        };
    }

    /// <summary>The options as words, for a command line that asks for the same; not the seed, nor the dataset's file.</summary>
    public IReadOnlyList<string> Words(ParseResult result)
    {
        Option<string?>[] given = [.. ((Option<string?>[])[Budget, Method, Objective, Optimizer, .. Own]).Where(option => option != _dataset && result.GetValue(option) is not null)];
        return
        [
            .. given.SelectMany(option => (string[])[option.Name, option == _model ? Model(result)! : result.GetValue(option)!]),
            .. (result.GetValue(Set) ?? []).SelectMany(assignment => (string[])["--set", assignment]), .. Flags(result), .. Device.Words(result),
        ];
    }

    /// <summary>The dataset's file that the user names; null for none.</summary>
    public string? DatasetFile(ParseResult result) => result.GetValue(_dataset) is { } file ? Path.GetFullPath(Values.ExistingFile(_dataset.Name, file)) : null;

    /// <summary>The same run on the device that the user names; where none is named, on the one it has.</summary>
    public RunRequest OnDevice(ParseResult result, RunRequest request)
    {
        request = request with { NoGraphs = Device.NoGraphs(result) };
        if (!Device.IsGiven(result))
            return request;
        var choice = Device.Of(result);
        return request with { Device = choice.Name, Precision = Device.PrecisionGiven(result) };
    }

    /// <summary>The same run, with the dataset's rows taken as they stand where the user says so.</summary>
    public RunRequest Trusting(ParseResult result, RunRequest request) =>
        request.TrustsOrder ? request : request with { Options = [.. request.Options, .. TrustOrder(result)] };

    /// <summary>The dataset's file as it is called now; null where the user does not say.</summary>
    public string? GivenDataset(ParseResult result, RunTask task) => result.GetValue(_dataset) is null ? null : Dataset(result, task);

    /// <summary>The environment's model file; null where the user does not say.</summary>
    public string? Model(ParseResult result) => result.GetValue(_model) is { } file ? Path.GetFullPath(Values.ExistingFile(_model.Name, file)) : null;

    /// <summary>Refuses, for a run that is there, the options that only a new one has.</summary>
    public void RefuseFixed(ParseResult result, string folder)
    {
        foreach (var option in (Option<string?>[])[Seed, Budget, Method, Objective, Optimizer, _environment, _critic, _fraction])
        {
            if (result.GetValue(option) is { } text)
                throw UserError.Value(option.Name, text, $"nothing, because the run in {folder} has it already");
        }

        if (result.GetValue(_noRollouts))
            throw UserError.Value(_noRollouts.Name, "given", $"nothing, because the run in {folder} is there already; {OwnProgram.Command} evaluate {folder} --set evaluation.rollsOut=false changes it");
    }

    // An option that the method makes nothing of.
    private void RefuseUnused(ParseResult result, RunSettings settings)
    {
        foreach (var (option, section) in new[] { (Objective, "alignment"), (_fraction, "labels") })
        {
            if (result.GetValue(option) is { } text && !settings.Method.Row.LooksAt(section))
                throw UserError.Value(option.Name, text, $"nothing with the method {settings.Method.Row}");
        }
    }

    // The row of a table that an option names.
    private static T Row<T>(ParseResult result, Option<string?> option, NamedTable<T> table)
        where T : class, INamed =>
        table.Find(result.OneOf(option, table.Names, string.Empty));

    private string[] TrustOrder(ParseResult result) => result.GetValue(_trustOrder) ? [_trustOrder.Name] : [];

    private string[] Flags(ParseResult result) => [.. TrustOrder(result), .. result.GetValue(_noRollouts) ? (string[])[_noRollouts.Name] : []];

    // Without an environment the sizes of states and actions are the dataset's.
    private DatasetTask In(DatasetTask task, ParseResult result)
    {
        string? environment = result.GetValue(_environment);
        if (task.Environment is not null || environment is not null)
            return task.In(environment);
        if (!result.GetValue(_noRollouts))
            throw new UserError($"{_environment.Name} is missing; it is the environment of the dataset, one of {string.Join(", ", EnvironmentCatalogue.Names)}, {EnvironmentCatalogue.OfOnesOwn}; {_noRollouts.Name} does without one");
        string path = Dataset(result, task)!;
        Hdf5Trial.Require(path);
        var dataset = OfflineDataset.Load(path, trustsOrder: result.GetValue(_trustOrder));
        return task.In(EnvironmentCatalogue.Without(dataset.StateSize, dataset.ActionSize).Name);
    }

    private string? Dataset(ParseResult result, RunTask task)
    {
        string? given = result.GetValue(_dataset);
        if (task is DatasetTask { MakesItsData: false })
            return Path.GetFullPath(Values.ExistingFile(_dataset.Name, given ?? throw new UserError($"{_dataset.Name} is missing; it is {Hint(task.Name)}")));
        return given is null ? null : throw UserError.Value(_dataset.Name, given, $"nothing, because {task.Name} makes its own data; --set {(task.Kind == RunKind.Bandit ? "points" : "rows")}=N says how much");
    }

    // What the user does to get the file.
    private static string Hint(string task) => D4rlTask.Names.Contains(task)
        ? $"the file of {task}, which {OwnProgram.Command} data download {task} brings"
        : "a file of transitions: D4RL's or Minari's HDF5, .npz or .csv";

    private double Fraction(string text)
    {
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double share) || !(share is >= LabelSelection.LeastFraction and <= 1))
            throw UserError.Value(_fraction.Name, text, FormattableString.Invariant($"a number from {LabelSelection.LeastFraction} to 1"));
        return share;
    }
}

using System.CommandLine;
using System.CommandLine.Parsing;
using EDA.Engine.Critics;
using EDA.Engine.Stages;
using EDA.Host.CommandLine;
using EDA.Host.Devices;
using EDA.Host.Recipes;

namespace EDA.Host.Commands;

/// <summary>The options that say what a run on a dataset is to be.</summary>
internal sealed class OfflineOptions
{
    private static readonly Dictionary<string, CriticMethod> _critics = new()
    {
        ["iql"] = CriticMethod.Implicit,
        ["softmax"] = CriticMethod.Softmax,
        ["online"] = CriticMethod.Online,
    };

    private readonly Option<string?> _dataset = new("--dataset") { Description = "the dataset: D4RL's or Minari's HDF5, .npz or .csv", HelpName = "FILE" };
    private readonly Option<string?> _environment = new("--env") { Description = "the environment of the dataset, for the recipe d4rl", HelpName = "NAME" };
    private readonly Option<string?> _model = new("--model") { Description = "the model file of the environment, for the kitchen", HelpName = "FILE" };
    private readonly Option<string?> _critic = new("--critic") { Description = $"the critic: {string.Join(", ", _critics.Keys)} (iql)", HelpName = "NAME" };
    private readonly Option<string?> _fraction = new("--label-fraction") { Description = "the share of the dataset's states that is labelled, from 0.01 to 1 (1)", HelpName = "SHARE" };

    /// <summary>The options that only runs on datasets have.</summary>
    public IReadOnlyList<Option<string?>> Own => [_dataset, _environment, _model, _critic, _fraction];

    /// <summary>The seed.</summary>
    public Option<string?> Seed { get; } = new("--seed") { Description = "the seed of everything random (0)", HelpName = "N" };

    /// <summary>The budget.</summary>
    public Option<string?> Budget { get; } = new("--budget") { Description = $"how much work: {string.Join(", ", OfflineBudgets.Names)}; bandits have no hour (quick)", HelpName = "NAME" };

    /// <summary>The objective.</summary>
    public Option<string?> Objective { get; } = new("--objective") { Description = $"the alignment loss: {string.Join(", ", Values.Objectives.Keys)} (value)", HelpName = "NAME" };

    /// <summary>The device.</summary>
    public DeviceOptions Device { get; } = new();

    /// <summary>The assignments.</summary>
    public Option<string[]> Set { get; } = new("--set") { Description = "change one setting, for instance --set behavior.steps=1000; may be repeated", HelpName = "KEY=VALUE", AllowMultipleArgumentsPerToken = true };

    /// <summary>Puts all of them on a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[Seed, Budget, Objective, Set, .. Own])
            command.Options.Add(option);
        Device.AddTo(command);
    }

    /// <summary>Refuses the options of a run on a dataset where there is none.</summary>
    public void RefuseOwn(ParseResult result, string name)
    {
        foreach (var option in Own)
        {
            if (result.GetValue(option) is { } text)
                throw UserError.Value(option.Name, text, $"nothing, because {name} is not a run on a dataset");
        }
    }

    /// <summary>What a new run is to be.</summary>
    public OfflineRequest Read(ParseResult result, OfflineRecipe recipe)
    {
        var task = recipe.TaskIn(result.GetValue(_environment));
        string budget = result.OneOf(Budget, OfflineBudgets.Names, "quick");
        var settings = OfflineBudgets.Get(budget, task) with { Seed = result.Seed(Seed) };
        if (result.GetValue(Objective) is not null)
            settings = settings with { Alignment = settings.Alignment.With(Values.Objectives[result.OneOf(Objective, Values.Objectives.Keys.ToList(), "value")]) };
        if (result.GetValue(_fraction) is { } share)
            settings = settings with { Labels = settings.Labels with { Fraction = Fraction(share) } };
        if (result.GetValue(_critic) is not null)
            settings = settings.With(_critics[result.OneOf(_critic, _critics.Keys, "iql")]);
        string[] assignments = result.GetValue(Set) ?? [];
        settings = assignments.Aggregate(settings, SettingPaths.Apply);
        settings.Check();
        return new OfflineRequest
        {
            Recipe = recipe,
            Budget = budget,
            Device = Device.Of(result).Name,
            Precision = Device.PrecisionGiven(result),
            NoGraphs = Device.NoGraphs(result),
            Dataset = Dataset(result, recipe),
            Model = Model(result),
            Settings = settings,
            Options = [.. Own.Append(Objective).Where(option => result.GetValue(option) is not null).SelectMany(option => (string[])[option.Name, result.GetValue(option)!]), .. assignments.SelectMany(assignment => (string[])["--set", assignment])],
        };
    }

    /// <summary>The same run on the device that the user names; where none is named, on the one it has.</summary>
    public OfflineRequest OnDevice(ParseResult result, OfflineRequest request)
    {
        request = request with { NoGraphs = Device.NoGraphs(result) };
        if (!Device.IsGiven(result))
            return request;
        var choice = Device.Of(result);
        return request with { Device = choice.Name, Precision = Device.PrecisionGiven(result) };
    }

    /// <summary>The dataset's file as it is called now; null where the user does not say.</summary>
    public string? GivenDataset(ParseResult result, OfflineRecipe recipe) => result.GetValue(_dataset) is null ? null : Dataset(result, recipe);

    /// <summary>The environment's model file; null where the user does not say.</summary>
    public string? Model(ParseResult result) => result.GetValue(_model) is { } file ? Path.GetFullPath(Values.ExistingFile(_model.Name, file)) : null;

    /// <summary>Refuses, for a run that is there, the options that only a new one has.</summary>
    public void RefuseFixed(ParseResult result, string folder)
    {
        foreach (var option in (Option<string?>[])[Seed, Budget, Objective, _environment, _critic, _fraction])
        {
            if (result.GetValue(option) is { } text)
                throw UserError.Value(option.Name, text, $"nothing, because the run in {folder} has it already");
        }
    }

    private string? Dataset(ParseResult result, OfflineRecipe recipe)
    {
        string? given = result.GetValue(_dataset);
        if (recipe.TakesDataset)
            return Path.GetFullPath(Values.ExistingFile(_dataset.Name, given ?? throw new UserError($"{_dataset.Name} is missing; it is {recipe.Hint}")));
        return given is null ? null : throw UserError.Value(_dataset.Name, given, $"nothing, because {recipe.Name} makes its own data; --set rows=N says how much");
    }

    private double Fraction(string text)
    {
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double share) || !(share is >= Engine.Data.LabelSelection.LeastFraction and <= 1))
            throw UserError.Value(_fraction.Name, text, FormattableString.Invariant($"a number from {Engine.Data.LabelSelection.LeastFraction} to 1"));
        return share;
    }
}

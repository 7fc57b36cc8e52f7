using System.CommandLine;
using System.Globalization;
using EDA.Bench.Devices;
using EDA.Engine.Stages;
using EDA.Host.CommandLine;
using EDA.Host.Recipes;

namespace EDA.Bench.Profiling;

/// <summary>eda profile: where the time of a recipe goes.</summary>
internal static class ProfileCommand
{
    private const int DefaultSteps = 20;
    private const int SmallSteps = 3;

    public static Command Create()
    {
        var recipe = new Argument<string?>("RECIPE") { Description = "one of " + string.Join(", ", BanditRecipe.Each.Select(entry => entry.Name)), Arity = ArgumentArity.ZeroOrOne };
        var device = DeviceOptions.Device();
        var precision = DeviceOptions.Precision();
        var steps = new Option<string?>("--steps") { Description = $"training steps of each stage ({DefaultSteps}; {SmallSteps} if small)", HelpName = "N" };
        var small = new Option<bool>("--small") { Description = "a small network and small batches" };
        var folder = new Option<string?>("--out") { Description = "the folder, new or empty (runs/profile-RECIPE, numbered where taken)", HelpName = "DIR" };
        var set = new Option<string[]>("--set") { Description = "change one setting, for instance --set behavior.batch=512; may be repeated", HelpName = "KEY=VALUE", AllowMultipleArgumentsPerToken = true };
        var command = new Command("profile", "Run a short training of a recipe with every operation and kernel timed: table, roofline, trace.") { recipe, device, precision, steps, small, folder, set };
        command.SetAction(result =>
        {
            // A bandit's stages have no critic and no rollouts; those of runs on datasets are not profiled yet.
            var found = Recipe.Find(result.GetValue(recipe));
            var entry = found as BanditRecipe ?? throw UserError.Choice(recipe.Name, found.Name, BanditRecipe.Each.Select(each => each.Name));
            var choice = DeviceOptions.Choice(result, device, precision);
            string[] assignments = result.GetValue(set) ?? [];
            bool isSmall = result.GetValue(small);
            int count = DeviceOptions.WholeNumber(result, steps, 1, 1_000_000) ?? (isSmall ? SmallSteps : DefaultSteps);
            var settings = (isSmall ? SmallSize : FullSize) with { Bandit = entry.Bandit };
            settings = settings with { Behavior = settings.Behavior with { Steps = count }, Alignment = settings.Alignment with { Steps = count } };
            settings = assignments.Aggregate(settings, SettingPaths.Apply);
            settings.Check();
            string words = string.Join(' ', (string[])
            [
                "./eda profile", entry.Name, "--device", choice.Name, .. Precision(result.GetValue(precision)), "--steps", count.ToString(CultureInfo.InvariantCulture), .. isSmall ? (string[])[small.Name] : [],
                .. assignments.SelectMany(assignment => new[] { "--set", assignment }),
            ]);
            var written = ProfileRun.Execute(new ProfileRequest(entry, settings, choice, result.GetValue(folder), words), Console.Out);
            Console.WriteLine();
            Console.WriteLine($"roofline.svg, trace.json (opens in Perfetto), CSV and JSON are in {Path.GetRelativePath(Environment.CurrentDirectory, written.FullPath)}");
            return ExitStatus.Success;
        });
        return command;

        static string[] Precision(string? name) => name is null ? [] : ["--precision", name];
    }

    /// <summary>The paper's network and batches, with as much evaluation as tells its speed.</summary>
    private static BanditRun FullSize => BanditBudgets.Paper with { Points = 100_000, Evaluation = new() { HeldOut = 2048, Samples = 1024, DistancePoints = 500 } };

    /// <summary>What anything gets through in seconds.</summary>
    private static BanditRun SmallSize => BanditBudgets.Smoke with
    {
        Points = 4096,
        Width = 32,
        Blocks = 1,
        Behavior = BanditBudgets.Smoke.Behavior with { Batch = 64 },
        Alignment = BanditBudgets.Smoke.Alignment with { States = 4 },
        Evaluation = new() { HeldOut = 64, Samples = 64, DistancePoints = 64 },
    };
}

using System.CommandLine;
using System.Globalization;
using EDA.Bench.Devices;
using EDA.Engine.Runs;
using EDA.Host.CommandLine;
using EDA.Host.Commands;

namespace EDA.Bench.Profiling;

/// <summary>eda profile: where the time of a recipe goes.</summary>
internal static class ProfileCommand
{
    private const int DefaultSteps = 20;
    private const int SmallSteps = 3;

    public static Command Create()
    {
        var recipe = new Argument<string?>("RECIPE") { Description = "one of " + string.Join(", ", RunTask.Table.All.Select(task => task.Name)), Arity = ArgumentArity.ZeroOrOne };
        var steps = new Option<string?>("--steps") { Description = $"training steps of each stage ({DefaultSteps}; {SmallSteps} with --small)", HelpName = "N" };
        var small = new Option<bool>("--small") { Description = "small networks and batches" };
        var folder = new Option<string?>("--out") { Description = "the folder, new or empty (runs/profile-RECIPE, numbered where taken)", HelpName = "DIR" };
        var options = new RunOptions();
        var command = new Command("profile", "Run a short training of a recipe with every operation and kernel timed: table, roofline, trace.") { recipe, steps, small, folder };
        options.AddTo(command);
        command.SetAction(result =>
        {
            bool isSmall = result.GetValue(small);
            int count = Devices.DeviceOptions.WholeNumber(result, steps, 1, 1_000_000) ?? (isSmall ? SmallSteps : DefaultSteps);
            var request = options.Read(result, result.GetValue(recipe), null, isSmall ? "smoke" : "paper", settings => Shortened(isSmall ? Small(settings) : settings, count));
            string words = request.Command.Replace("./eda run", "./eda profile", StringComparison.Ordinal) + $" --steps {count.ToString(CultureInfo.InvariantCulture)}" + (result.GetValue(small) ? " --small" : string.Empty);
            var written = ProfileRun.Execute(new ProfileRequest(request, result.GetValue(folder), words), Console.Out);
            Console.WriteLine();
            Console.WriteLine($"roofline.svg, trace.json (opens in Perfetto), CSV and JSON are in {Path.GetRelativePath(Environment.CurrentDirectory, written.FullPath)}");
            return ExitStatus.Success;
        });
        return command;
    }

    /// <summary>The network and batches of the budget, with as much of everything else as tells its speed.</summary>
    private static RunSettings Shortened(RunSettings settings, int steps) => settings with
    {
        Points = Math.Min(settings.Points, 100_000),
        Rows = Math.Min(settings.Rows, 20_000),
        HeldOut = 0,
        Behavior = settings.Behavior with { Steps = steps },
        Critic = settings.Critic with { Steps = steps },
        Labels = settings.Labels with { MostStates = 256 },
        Alignment = settings.Alignment with { Steps = steps },
        Evaluation = settings.Evaluation with { HeldOut = 2048, Samples = 1024, DistancePoints = 500 },
    };

    /// <summary>What anything gets through in seconds.</summary>
    private static RunSettings Small(RunSettings smoke) => smoke with
    {
        Points = 4096,
        Rows = 2000,
        Width = 32,
        Blocks = 1,
        CriticWidth = 32,
        Behavior = smoke.Behavior with { Batch = 64 },
        Critic = smoke.Critic with { Batch = 64 },
        Alignment = smoke.Alignment with { States = 4 },
    };
}

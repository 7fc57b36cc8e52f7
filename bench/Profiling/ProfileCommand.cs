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
            int count = MeasurementOptions.WholeNumber(result, steps, 1, 1_000_000) ?? (isSmall ? SmallSteps : DefaultSteps);
            string budget = isSmall ? "smoke" : "paper";
            var whole = options.Read(result, result.GetValue(recipe), null, budget, settings => isSmall ? Small(settings) : settings);
            var request = options.Read(result, result.GetValue(recipe), null, budget, settings => ShortRun.Cut(isSmall ? Small(settings) : settings, count));
            string words = request.Command.Replace("./eda run", "./eda profile", StringComparison.Ordinal) + $" --steps {count.ToString(CultureInfo.InvariantCulture)}" + (isSmall ? " --small" : string.Empty);
            var (written, sentence) = ProfileRun.Execute(new ProfileRequest(request, whole.Settings, result.GetValue(folder), words), Console.Out);
            Console.WriteLine();
            Console.WriteLine($"index.html, roofline.svg, trace.json (opens in Perfetto), CSV and JSON are in {Path.GetRelativePath(Environment.CurrentDirectory, written.FullPath)}");
            Console.WriteLine(sentence);
            return ExitStatus.Success;
        });
        return command;
    }

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

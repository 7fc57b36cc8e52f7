using System.Globalization;
using EDA.Tests.Host;

namespace EDA.Tests.Crash;

/// <summary>
/// Whatever kills a run, what it comes to in the end is what it would have come to. A few kills of each kind of run;
/// EDA_CRASHES=N makes it N trials each, EDA_CRASH_SEED=S other ones.
/// </summary>
[Trait("speed", "slow")]
public sealed class CrashTests
{
    private static int Trials => Number("EDA_CRASHES", 2);

    private static int FirstSeed => Number("EDA_CRASH_SEED", 1);

    public static TheoryData<string> Recipes => [.. CrashRecipe.All.Where(recipe => recipe.Need is null).Select(recipe => recipe.Name)];

    [OptionalTheory(OptionalNeeds.Linux)]
    [MemberData(nameof(Recipes))]
    public void A_killed_run_comes_to_the_bits_of_one_that_was_left_alone(string name) => Check(CrashRecipe.All.Single(recipe => recipe.Name == name));

    [OptionalFact(OptionalNeeds.Mujoco)]
    public void So_does_one_whose_policies_walk() => Check(CrashRecipe.All.Single(recipe => recipe.Name == "hopper"));

    [OptionalFact(OptionalNeeds.SmallDisk)]
    public void A_disk_that_fills_up_costs_nothing_either()
    {
        foreach (string name in new[] { "bandit", "pointmaze" })
        {
            using var harness = new CrashHarness(CrashRecipe.All.Single(recipe => recipe.Name == name), EdaProcess.Start);
            Report(name, harness, [.. Enumerable.Range(FirstSeed, Trials).Select(harness.TryFullDisk).OfType<string>()]);
        }
    }

    [OptionalFact(OptionalNeeds.Linux)]
    public void Of_three_that_resume_at_once_one_does()
    {
        using var folder = new ScratchFolder();
        string run = folder.At("run");
        var recipe = CrashRecipe.All.Single(each => each.Name == "pointmaze");
        string[] begin = recipe.Begin(run, folder.Path);
        begin[0] = "behavior";
        begin = [begin[0], run, "--recipe", .. begin[1..^2]];
        Assert.Equal(0, EdaProcess.Run(folder.Path, begin).Status);
        var processes = Enumerable.Range(0, 3).Select(_ => EdaProcess.Start(folder.Path, "resume", run)).ToList();
        var results = processes.Select(EdaProcess.Finish).ToList();
        foreach (var process in processes)
            process.Dispose();

        // One that starts when another has ended finds nothing left to do.
        Assert.Contains(results, result => result.Status == 0);
        foreach (var refused in results.Where(result => result.Status != 0))
        {
            Assert.Equal(2, refused.Status);
            Assert.Contains($"in use by process", Assert.Single(refused.ErrorLines), StringComparison.Ordinal);
        }

        using var harness = new CrashHarness(recipe, EdaProcess.Start);
        Assert.Empty(harness.Compare(run));
    }

    [OptionalFact(OptionalNeeds.Linux)]
    public void The_harness_finds_it_where_saving_is_broken()
    {
        // The tests' own program has an optimizer that forgets, of what it saves, the second moments.
        using var harness = new CrashHarness(CrashRecipe.All[0], EdaProcess.StartTests, "--optimizer", Program.Forgetful);
        Assert.Contains(Enumerable.Range(1, 12).Select(seed => harness.Try(seed)), fault => fault is not null && fault.Contains("policy.safetensors", StringComparison.Ordinal));
    }

    private static void Check(CrashRecipe recipe)
    {
        using var harness = new CrashHarness(recipe, EdaProcess.Start);
        var faults = Enumerable.Range(FirstSeed, Trials).Select(seed => harness.Try((1000 * recipe.Name.Length) + seed)).OfType<string>().ToList();
        Report(recipe.Name, harness, faults);
    }

    private static void Report(string name, CrashHarness harness, List<string> faults)
    {
        Assert.True(faults.Count == 0, $"{faults.Count} of {Trials} trials went wrong ({harness.Kills} kills):\n{string.Join('\n', faults)}");
        if (Environment.GetEnvironmentVariable("EDA_CRASHES") is not null)
            Console.WriteLine(FormattableString.Invariant($"{name}: {Trials} trials, {harness.Kills} processes ended, all came to the same bits"));
    }

    private static int Number(string variable, int usual) =>
        Environment.GetEnvironmentVariable(variable) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : usual;
}

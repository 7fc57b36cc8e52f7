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
        Assert.True(faults.Count == 0, $"{faults.Count} of {Trials} trials went wrong ({harness.Kills} kills):\n{string.Join('\n', faults)}");
        if (Environment.GetEnvironmentVariable("EDA_CRASHES") is not null)
            Console.WriteLine(FormattableString.Invariant($"{recipe.Name}: {Trials} trials, {harness.Kills} processes ended, all came to the same bits"));
    }

    private static int Number(string variable, int usual) =>
        Environment.GetEnvironmentVariable(variable) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : usual;
}

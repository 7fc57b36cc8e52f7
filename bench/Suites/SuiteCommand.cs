using System.CommandLine;
using BenchmarkDotNet.Running;
using EDA.Host.CommandLine;

namespace EDA.Bench.Suites;

/// <summary>eda bench suite.</summary>
internal static class SuiteCommand
{
    private const string List = "--list";
    private const string InProcess = "--inProcess";
    private const string Filter = "--filter";

    // What is answered without a benchmark.
    private static readonly string[] _questions = [List, "--help", "--info", "--version"];

    public static Command Create()
    {
        var rest = new Argument<string[]>("arguments") { Description = "BenchmarkDotNet's own: --list shows them, --filter '*Score*' chooses, --job short is quick", Arity = ArgumentArity.ZeroOrMore };
        var suite = new Command("suite", "the BenchmarkDotNet suites: every fused operation, and reading datasets") { rest };
        suite.TreatUnmatchedTokensAsErrors = false;
        suite.SetAction(result =>
        {
            string[] given = [.. result.UnmatchedTokens, .. result.GetValue(rest) ?? []];
            var summaries = BenchmarkSwitcher.FromAssembly(typeof(BdmBenchmarks).Assembly).Run(Complete(given));
            if (!summaries.Any() && !given.Intersect(_questions).Any())
                throw UserError.Value(suite.Name, string.Join(' ', given), $"arguments of BenchmarkDotNet that choose a benchmark; {List} says which there are");
            return ExitStatus.Success;
        });
        return suite;
    }

    /// <summary>
    /// BenchmarkDotNet's arguments with what goes without saying: everything where nothing is chosen, a flat list, and
    /// this process, since a step of milliseconds needs no program built around it.
    /// </summary>
    internal static string[] Complete(string[] given)
    {
        var words = given.ToList();
        int list = words.IndexOf(List);
        if (list >= 0 && (list == words.Count - 1 || words[list + 1].StartsWith("--", StringComparison.Ordinal)))
            words.Insert(list + 1, "flat");
        if (!words.Contains(Filter) && !words.Contains("-f"))
            words.AddRange([Filter, "*"]);
        if (!words.Contains(InProcess) && !words.Contains("-i"))
            words.Add(InProcess);
        return [.. words];
    }
}

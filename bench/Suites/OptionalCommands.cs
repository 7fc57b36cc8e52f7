using System.CommandLine;
using BenchmarkDotNet.Running;
using EDA.Bench.Suites;

namespace EDA.Bench;

/// <content>eda bench suite: left out of the packed program, which needs neither BenchmarkDotNet nor the compiler it brings.</content>
internal static partial class OptionalCommands
{
    static partial void AddSuites(List<Command> commands)
    {
        var rest = new Argument<string[]>("arguments") { Description = "BenchmarkDotNet's own arguments", Arity = ArgumentArity.ZeroOrMore };
        var suite = new Command("suite", "the BenchmarkDotNet suites") { rest };
        suite.TreatUnmatchedTokensAsErrors = false;
        suite.SetAction(result => BenchmarkSwitcher
            .FromAssembly(typeof(BdmBenchmarks).Assembly)
            .Run([.. result.GetValue(rest) ?? [], .. result.UnmatchedTokens]));
        commands.Add(suite);
    }
}

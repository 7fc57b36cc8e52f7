using System.CommandLine;
using BenchmarkDotNet.Running;
using EDA.Bench.Kernels;

var json = new Option<FileInfo?>("--json") { Description = "also write the table to this file" };
var kernels = new Command("kernels", "time, rate and share of peak of the fused steps, in under a minute") { json };
kernels.SetAction(result => KernelTable.Run(result.GetValue(json), Console.Out));

var rest = new Argument<string[]>("arguments") { Description = "BenchmarkDotNet's own arguments", Arity = ArgumentArity.ZeroOrMore };
var suite = new Command("suite", "the BenchmarkDotNet suites") { rest };
suite.TreatUnmatchedTokensAsErrors = false;
suite.SetAction(result => BenchmarkSwitcher
    .FromAssembly(typeof(BdmBenchmarks).Assembly)
    .Run([.. result.GetValue(rest) ?? [], .. result.UnmatchedTokens]));

var bench = new Command("bench", "measures the engine on this machine") { kernels, suite };
return new RootCommand("EDA.Engine's benchmarks") { bench }.Parse(args).Invoke();

using System.CommandLine;
using BenchmarkDotNet.Running;
using EDA.Bench.Kernels;
using EDA.Host.CommandLine;

var json = new Option<string?>("--json") { Description = "also write the table to this file", HelpName = "FILE" };
var kernels = new Command("kernels", "time, rate and share of peak of the fused steps, in under a minute") { json };
kernels.SetAction(result => KernelTable.Run(result.GetValue(json), Console.Out));

var rest = new Argument<string[]>("arguments") { Description = "BenchmarkDotNet's own arguments", Arity = ArgumentArity.ZeroOrMore };
var suite = new Command("suite", "the BenchmarkDotNet suites") { rest };
suite.TreatUnmatchedTokensAsErrors = false;
suite.SetAction(result => BenchmarkSwitcher
    .FromAssembly(typeof(BdmBenchmarks).Assembly)
    .Run([.. result.GetValue(rest) ?? [], .. result.UnmatchedTokens]));

var bench = new Command("bench", "measures the engine on this machine") { kernels, suite };
var parsed = new RootCommand("EDA.Engine's benchmarks") { bench }.Parse(args);
try
{
    if (parsed.Errors.Count > 0)
        throw new UserError(parsed.Errors[0].Message);
    return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception error) when (error is UserError or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"eda: {error.Message.ReplaceLineEndings(" ")}");
    return ExitStatus.Refused;
}

using System.CommandLine;
using EDA.Bench.Comparison;
using EDA.Bench.History;
using EDA.Bench.Kernels;
using EDA.Bench.Profiling;
using EDA.Bench.Ptx;
using EDA.Bench.Results;
using EDA.Bench.Sass;
using EDA.Bench.Scaling;
using EDA.Bench.Steps;
using EDA.Bench.Suites;
using EDA.Bench.Verification;

namespace EDA.Bench;

/// <summary>The commands that measure: <c>eda bench</c>, <c>profile</c>, <c>verify</c>.</summary>
public static class BenchCommandLine
{
    /// <summary>Makes the command tree.</summary>
    /// <returns>Its root.</returns>
    public static RootCommand Create() => new("EDA.Engine's measurements")
    {
        new Command("bench", "measures the engine on this machine")
        {
            KernelsCommand.Create(),
            HistoryCommand.Create(),
            StepsCommand.Create(),
            CompareCommand.Create(),
            ScalingCommand.Create(),
            ReportCommand.Create(),
            PeerCommand.Create(),
            SuiteCommand.Create(),
            PtxCommand.Create(),
            SassCommand.Create(),
        },
        ProfileCommand.Create(),
        VerifyCommand.Create(),
    };
}

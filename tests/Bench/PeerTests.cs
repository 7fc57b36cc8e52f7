using System.Diagnostics;
using EDA.Host.Setup;
using EDA.Tests.Host;

namespace EDA.Tests.Bench;

/// <summary>The programs that the engine is compared with.</summary>
[Trait("speed", "slow")]
public class PeerTests
{
    [OptionalFact(OptionalNeeds.PyTorch)]
    public void PyTorchs_steps_are_timed_under_the_names_the_engine_uses()
    {
        using var folder = new ScratchFolder();
        string script = Path.Combine(SourceTree.RequireRoot(), "bench", "gpu", "peers", "pytorch_steps.py"), file = folder.At("steps.json");
        var result = Finish(new ProcessStartInfo(
            OptionalNeeds.PythonWithTorch!, [script, "--device", "cpu", "--small", "--block", "1", "--blocks", "1", "--stage-steps", "1", "--stage-states", "4", "--json", file]));
        Assert.True(result.Status == 0, result.Error);
        string text = File.ReadAllText(file);
        Assert.All((string[])["pretraining_step", "alignment_step", "score", "sampling", "iql_step", "behavior_1", "alignment_1", "candidates_4"], name => Assert.Contains($"\"{name}\"", text, StringComparison.Ordinal));
    }

    private static EdaResult Finish(ProcessStartInfo start)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        using var process = Process.Start(start)!;
        return EdaProcess.Finish(process);
    }
}

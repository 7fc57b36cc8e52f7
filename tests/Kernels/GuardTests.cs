using EDA.Kernels.Cpu;
using EDA.Tests.Host;

namespace EDA.Tests.Kernels;

/// <summary>Native memory between forbidden pages: an access beside a buffer ends the process.</summary>
public sealed class GuardTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public static TheoryData<string> Deadly => [.. GuardProbe.Deadly];

    public void Dispose() => _folder.Dispose();

    [OptionalTheory(OptionalNeeds.Linux)]
    [MemberData(nameof(Deadly))]
    public void An_access_beside_a_buffer_is_deadly_between_guard_pages_alone(string probe)
    {
        var guarded = Probe(probe, "1");
        Assert.True(guarded.Status is 128 + 6 or 128 + 11, $"status {guarded.Status}: {guarded.Output}{guarded.Error}");
        Assert.Contains("AccessViolationException", guarded.Error, StringComparison.Ordinal);
        Assert.Contains(nameof(GuardProbe), guarded.Error, StringComparison.Ordinal); // says who

        var plain = Probe(probe, guard: null);
        Assert.Equal((0, "survived"), (plain.Status, plain.Output.Trim()));
    }

    [OptionalFact(OptionalNeeds.Linux)]
    public void What_is_within_bounds_is_not_touched()
    {
        Assert.Equal(0, Probe("nothing", "1").Status);
        Assert.Equal(0, Probe("nothing", "exact").Status);
    }

    [OptionalFact(OptionalNeeds.Linux)]
    public void A_write_into_the_rest_of_a_cache_line_is_found_when_the_buffer_is_given_back()
    {
        var late = Probe("write-in-cache-line", "1");
        Assert.Equal(128 + 6, late.Status);
        Assert.Contains("EDA_GUARD: byte 0 of the 44 past a buffer of 84 bytes was written", late.Error, StringComparison.Ordinal);
        Assert.Contains("AccessViolationException", Probe("write-in-cache-line", "exact").Error, StringComparison.Ordinal);
    }

    [OptionalFact(OptionalNeeds.Linux)]
    public void Every_operation_keeps_within_its_buffers()
    {
        foreach (string level in Enum.GetNames<SimdLevel>().Where(level => Enum.Parse<SimdLevel>(level) <= CpuOptions.BestSimd))
        {
            var result = EdaProcess.RunProgram(typeof(GuardTests).Assembly.Location, _folder.Path, new Dictionary<string, string> { ["EDA_GUARD"] = "exact", ["EDA_SIMD"] = level }, "verify", "--device", "cpu", "--small");
            Assert.True(result.Status == 0, $"{level}: {result.Output}{result.Error}");
        }
    }

    [Fact]
    public void An_unknown_value_is_refused()
    {
        var result = EdaProcess.Run(_folder.Path, new Dictionary<string, string> { ["EDA_GUARD"] = "yes" }, "doctor");
        Assert.Equal((2, "eda: EDA_GUARD is 'yes'; allowed are 1, exact"), (result.Status, Assert.Single(result.ErrorLines)));
    }

    private EdaResult Probe(string name, string? guard) =>
        EdaProcess.RunProgram(typeof(GuardTests).Assembly.Location, _folder.Path, new Dictionary<string, string> { [CpuOptions.GuardVariable] = guard ?? string.Empty, ["DOTNET_DbgEnableMiniDump"] = "0" }, GuardProbe.Command, name);
}

using EDA.Engine.Training;
using EDA.Host.CommandLine;
using EDA.Host.Devices;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Kernels.Cpu.Matrix;
using EDA.Kernels.Gpu;

namespace EDA.Tests.Host;

public class DeviceChoiceTests
{
    [Theory]
    [InlineData("cpu")]
    [InlineData("software")]
    public void A_device_without_graphs_has_none_to_switch_off(string name) =>
        Assert.Equal($"--no-graphs is not allowed with --device {name}, which has no CUDA graphs", Assert.Throws<UserError>(() => DeviceChoice.Parse(name, noGraphs: true)).Message);

    [Fact]
    public void The_cpu_is_chosen_unless_another_is_named()
    {
        var choice = DeviceChoice.Parse(DeviceChoice.Default);
        Assert.Equal(("cpu", "fp32", false), (choice.Name, choice.Precision, choice.IsCuda));
        using var device = choice.Open();
        Assert.StartsWith("cpu", device.Name, StringComparison.Ordinal);
    }

    [Fact]
    public void The_stand_in_takes_every_precision()
    {
        Assert.Equal(Enum.GetNames<GpuPrecision>().Select(name => name.ToLowerInvariant()), DeviceChoice.Precisions);
        foreach (string precision in DeviceChoice.Precisions)
        {
            using var device = DeviceChoice.Open("software", precision);
            Assert.Equal(precision, Assert.IsType<GpuDevice>(device).Precision.ToString().ToLowerInvariant());
        }
    }

    [Theory]
    [InlineData("bf16x3", CpuPrecision.Bf16x3)]
    [InlineData("auto", CpuPrecision.Bf16x3)]
    [InlineData("bf16", CpuPrecision.Bf16)]
    [InlineData("fp32", CpuPrecision.Fp32)]
    public void A_precision_of_the_cpu_becomes_what_this_machine_has(string asked, CpuPrecision precision)
    {
        var best = MatrixChoice.Best(precision);
        Assert.Null(best.Problem);
        Assert.True(best.Precision == precision || best == MatrixChoice.Fp32);
        Assert.Equal(best.Name, DeviceChoice.Resolve(DeviceChoice.Default, asked));
        Assert.Equal(best.Name, DeviceChoice.Resolve(DeviceChoice.Default, best.Name));
        using var device = DeviceChoice.Open(DeviceChoice.Default, asked);
        Assert.Equal(best.Name, device.PrecisionName);
    }

    [Fact]
    public void What_names_a_unit_means_the_same_everywhere()
    {
        foreach (var choice in MatrixChoice.All)
        {
            Assert.Same(choice, MatrixChoice.Find(choice.Name));
            Assert.Equal(choice.Name, DeviceChoice.Resolve(DeviceChoice.Default, choice.Name));
            if (choice.Problem is not { } problem)
                continue;
            string refused = Assert.Throws<UserError>(() => DeviceChoice.Open(DeviceChoice.Default, choice.Name)).Message;
            Assert.Equal($"{problem}; allowed is a machine that has them, or --precision fp32 for what has not begun", refused);
        }

        Assert.Equal("fp32, bf16x3-amx, bf16-amx, bf16x3-dot, bf16-dot", string.Join(", ", MatrixChoice.All.Select(choice => choice.Name)));
        Assert.StartsWith("--precision is 'tf32'; allowed is one of fp32, bf16x3, bf16, auto", Assert.Throws<UserError>(() => DeviceChoice.Parse(DeviceChoice.Default, "tf32")).Message, StringComparison.Ordinal);
        Assert.Null(DeviceChoice.Resolve("software", "auto"));
        Assert.Equal("bf16", DeviceChoice.Resolve("software", "bf16"));
    }

    [Theory]
    [InlineData("CPU")]
    [InlineData("cuda0")]
    [InlineData("cuda:")]
    [InlineData("cuda:+1")]
    [InlineData("cuda:1.5")]
    [InlineData("")]
    public void What_is_no_device_is_refused(string name) =>
        Assert.StartsWith($"--device is '{name}'; allowed is one of cpu, cuda, cuda:N", Assert.Throws<UserError>(() => DeviceChoice.Parse(name)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_program_may_add_others()
    {
        using var other = new CpuDevice();
        Assert.Throws<UserError>(() => DeviceChoice.Parse("reference"));
        DeviceChoice.Add("reference", _ => other);
        var choice = DeviceChoice.Parse("reference");
        Assert.Equal(("reference", "fp32", false), (choice.Name, choice.Precision, choice.IsCuda));
        Assert.Same(other, choice.Open());
        Assert.Contains("reference", Assert.Throws<UserError>(() => DeviceChoice.Parse("peer")).Message, StringComparison.Ordinal);
        Assert.Throws<UserError>(() => DeviceChoice.Parse("reference", "tf32"));
        Assert.All(new[] { "reference", "cpu", "cuda:3" }, taken => Assert.Throws<ArgumentException>(() => DeviceChoice.Add(taken, _ => other)));
    }

    [Fact]
    public void A_gpu_that_is_not_there_is_refused_in_one_line()
    {
        var refused = Assert.Throws<UserError>(() => DeviceChoice.Open("cuda:4711"));
        Assert.Contains("cuda:4711", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Fact]
    public void Stages_are_ranges_that_are_closed_again()
    {
        var calls = new List<string>();
        using (var ranges = new NvtxRanges(name => calls.Add("push " + name), () => calls.Add("pop")))
        {
            ranges.StageStarted("behavior", 0, 10);
            ranges.StageFinished(new StageResult("behavior", 10, 10, 1, 0.5));
            ranges.StageStarted("alignment", 0, 10);
            Assert.Equal(["push behavior", "pop", "push alignment"], calls);
        }

        // The second stage ended in an exception.
        Assert.Equal("pop", calls[^1]);
        Assert.Equal(4, calls.Count);
    }
}

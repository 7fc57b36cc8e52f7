using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Kernels.Cpu.Matrix;
using EDA.Kernels.Gpu;
using EDA.Tests.Gpu;

namespace EDA.Tests.Kernels;

/// <summary>
/// Every device that is held to the golden vectors and to the twin. A new device is one more line in
/// <see cref="All"/>. What the machine lacks is not listed, so nothing passes or is skipped in its name.
/// </summary>
public static partial class TestDevices
{
    private static readonly Dictionary<string, Func<IDevice>> All = new(
    [
        .. Cpu(threads: 1),
        .. Cpu(threads: 4),
        new("software", () => new GpuDevice(new LeakCheckedBackend())),
        .. Cuda(),
        .. Autograd(),
    ]);

    /// <summary>The same launches as "software" with products of another precision: what they do to accuracy, and no more.</summary>
    private static readonly Dictionary<string, Func<IDevice>> Precisions = new(
    [
        new("software tf32", () => new GpuDevice(new LeakCheckedBackend(), GpuPrecision.Tf32)),
        new("software fp16", () => new GpuDevice(new LeakCheckedBackend(), GpuPrecision.Fp16)),
        new("software bf16", () => new GpuDevice(new LeakCheckedBackend(), GpuPrecision.Bf16)),
        .. Matrix(CpuPrecision.Bf16x3),
        .. Matrix(CpuPrecision.Bf16),
    ]);

    /// <summary>The devices' names, for MemberData.</summary>
    public static TheoryData<string> Names => [.. All.Keys];

    /// <summary>The names of the engine's own devices, whose repeated operations allocate nothing, for MemberData.</summary>
    public static TheoryData<string> OwnNames => [.. Own, .. MatrixNames];

    /// <summary>Whether a device is one of the engine's own, rather than another library's.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    public static bool IsOwn(string name) => Own.Contains(name) || Precisions.ContainsKey(name) || Interpreted.ContainsKey(name);

    /// <summary>The vector widths this machine has, for MemberData.</summary>
    public static TheoryData<SimdLevel> SimdLevels => [.. Levels];

    private static IEnumerable<string> Own => All.Keys.Except(Autograd().Select(device => device.Key));

    private static IEnumerable<SimdLevel> Levels => Enum.GetValues<SimdLevel>().Where(level => level <= CpuOptions.BestSimd);

    /// <summary>Makes a device.</summary>
    /// <param name="name">One of <see cref="Names"/>, a device that <see cref="WithPrecisions"/> adds, or one of interpreted PTX.</param>
    /// <returns>The device, owned by the caller.</returns>
    public static IDevice Create(string name) => (All.GetValueOrDefault(name) ?? Precisions.GetValueOrDefault(name) ?? Interpreted[name])();

    /// <summary>Every device, and the CPU in other precisions, with each of some other things: for tests of accuracy, with their <see cref="Tolerances"/>.</summary>
    public static TheoryData<string, string> WithCpuPrecisions(IEnumerable<string> others)
    {
        string[] all = [.. others];
        var pairs = With(all);
        AddPairs(pairs, MatrixNames, all);
        return pairs;
    }

    /// <summary>The CPU in other precisions than fp32, for MemberData.</summary>
    public static IEnumerable<string> MatrixNames => Precisions.Keys.Where(name => name.StartsWith("Bf16", StringComparison.Ordinal));

    /// <summary>Every device with each of some other things, for MemberData.</summary>
    public static TheoryData<string, string> With(IEnumerable<string> others) => WithPrecisions(others, []);

    /// <summary>The engine's own devices with each of some other things, for MemberData.</summary>
    public static TheoryData<string, string> OwnWith(IEnumerable<string> others)
    {
        var pairs = new TheoryData<string, string>();
        AddPairs(pairs, Own.Concat(MatrixNames), others);
        return pairs;
    }

    /// <summary>Every device, and the devices whose products are of another precision with some of them: for tests of accuracy, with their <see cref="Tolerances"/>.</summary>
    public static TheoryData<string, string> WithPrecisions(IEnumerable<string> others, IEnumerable<string> some)
    {
        var pairs = new TheoryData<string, string>();
        AddPairs(pairs, All.Keys, others);
        AddPairs(pairs, Precisions.Keys, some);
        return pairs;
    }

    private static void AddPairs(TheoryData<string, string> pairs, IEnumerable<string> devices, IEnumerable<string> others)
    {
        foreach (string other in others)
        {
            foreach (string device in devices)
                pairs.Add(device, other);
        }
    }

    // The matrix units this machine has, and plain code for them on the vectors that all machines have.
    private static IEnumerable<KeyValuePair<string, Func<IDevice>>> Matrix(CpuPrecision precision)
    {
        foreach (var unit in Enum.GetValues<MatrixUnit>().Where(unit => MatrixUnits.Problem(unit) is null))
        {
            var level = unit == MatrixUnit.Managed ? SimdLevel.Portable : CpuOptions.BestSimd;
            yield return new($"{precision} {unit}", () => new CpuDevice(new CpuOptions(level, 2) { Matrix = new MatrixChoice(precision, unit) }));
        }
    }

    private static IEnumerable<KeyValuePair<string, Func<IDevice>>> Cpu(int threads) => Levels.Select(level =>
        KeyValuePair.Create<string, Func<IDevice>>($"{level}, {threads} threads", () => new CpuDevice(new CpuOptions(level, threads))));
}

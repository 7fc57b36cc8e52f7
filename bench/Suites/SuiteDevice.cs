using BenchmarkDotNet.Attributes;
using EDA.Host.CommandLine;
using EDA.Host.Devices;
using EDA.Kernels;
using EDA.Kernels.Cpu;

namespace EDA.Bench.Suites;

/// <summary>
/// What is measured over devices and precisions: the CPU at each vector width that the machine has and, on a machine with
/// a GPU, that GPU in each precision.
/// </summary>
[MemoryDiagnoser]
public abstract class SuiteDevice
{
    private const string Processor = "cpu-";
    private const string Gpu = "cuda-";

    private static readonly Lazy<bool> _hasGpu = new(HasGpu);

    private IDevice? _device;

    /// <summary>The devices: cpu-avx512 and so on, cuda-fp32 and so on.</summary>
    public IEnumerable<string> Devices =>
    [
        .. Enum.GetValues<SimdLevel>().Where(level => level <= CpuOptions.BestSimd).Reverse().Select(level => Processor + level.ToString().ToLowerInvariant()),
        .. _hasGpu.Value ? DeviceChoice.Precisions.Select(precision => Gpu + precision) : [],
    ];

    /// <summary>The device and, with the vector width or the precision, how it computes.</summary>
    [ParamsSource(nameof(Devices))]
    public string Device { get; set; } = string.Empty;

    /// <summary>The device, opened by <see cref="Open"/>.</summary>
    protected IDevice Opened => _device ?? throw new InvalidOperationException("the device is not open");

    /// <summary>Opens the device.</summary>
    protected IDevice Open() => _device = Device.StartsWith(Gpu, StringComparison.Ordinal)
        ? DeviceChoice.Open(Gpu[..^1], Device[Gpu.Length..])
        : new CpuDevice(CpuOptions.FromEnvironment() with { Simd = Enum.Parse<SimdLevel>(Device[Processor.Length..], ignoreCase: true) });

    /// <summary>Gives everything back.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        Close();
        _device?.Dispose();
        _device = null;
    }

    /// <summary>Gives back what is on the device.</summary>
    protected abstract void Close();

    /// <summary>Runs an operation to its end.</summary>
    protected void Finish(Action operation)
    {
        operation();
        Opened.Synchronize();
    }

    private static bool HasGpu()
    {
        try
        {
            using var device = DeviceChoice.Open(Gpu[..^1]);
            return true;
        }
        catch (UserError)
        {
            return false;
        }
    }
}

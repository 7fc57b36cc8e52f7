using EDA.Engine.Runs;
using EDA.Host.CommandLine;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Kernels.Gpu;
using EDA.Kernels.Gpu.Software;

namespace EDA.Host.Devices;

/// <summary>A device as a user names it: cpu, software, cuda or cuda:N, the last two in a build with ILGPU.</summary>
public sealed record DeviceChoice
{
    /// <summary>The device that is used when none is named.</summary>
    public const string Default = "cpu";

    /// <summary>The GPU's kernels on the CPU, every access checked: for tests and debugging.</summary>
    public const string Software = "software";

    /// <summary>The precision that is used when none is named, and the only one of the CPU.</summary>
    public const string DefaultPrecision = "fp32";

    private const string Cuda = "cuda";

    private readonly int _number;
    private readonly Func<IDevice>? _other;

    private DeviceChoice(string name, string precision, int number, Func<IDevice>? other, bool hasGraphs) =>
        (Name, Precision, _number, _other, HasGraphs) = (name, precision, number, other, hasGraphs);

    /// <summary>The devices of this build.</summary>
    public static IReadOnlyCollection<string> Names { get; } = CudaDevices.AreBuiltIn ? [Default, Software, Cuda, $"{Cuda}:N"] : [Default, Software];

    /// <summary>The precisions of matrix products on a GPU.</summary>
    public static IReadOnlyCollection<string> Precisions => [.. Enum.GetNames<GpuPrecision>().Select(name => name.ToLowerInvariant())];

    /// <summary>The name, as it was given.</summary>
    public string Name { get; }

    /// <summary>The precision of matrix products.</summary>
    public string Precision { get; }

    /// <summary>Whether an NVIDIA GPU records operations as CUDA graphs.</summary>
    public bool HasGraphs { get; }

    /// <summary>Whether it is an NVIDIA GPU.</summary>
    public bool IsCuda => _number >= 0;

    /// <summary>Reads a choice.</summary>
    /// <param name="name">The device.</param>
    /// <param name="precision">The precision; null for <see cref="DefaultPrecision"/>.</param>
    /// <param name="others">What the program knows beside <see cref="Names"/>, all in <see cref="DefaultPrecision"/>: how to open each, by its name. Null for nothing.</param>
    /// <param name="noGraphs">Whether operations are launched kernel by kernel even where CUDA graphs could be had.</param>
    /// <returns>The choice; whether the GPU is there is seen when it is opened.</returns>
    /// <exception cref="UserError">There is no such device in this build, or it knows no such precision.</exception>
    public static DeviceChoice Parse(string name, string? precision = null, IReadOnlyDictionary<string, Func<IDevice>>? others = null, bool noGraphs = false)
    {
        int number = Number(name);
        var other = others?.GetValueOrDefault(name);
        if (number < 0 && other is null && name is not (Default or Software))
            throw UserError.Choice("--device", name, [.. Names, .. others?.Keys ?? []]);
        if (number >= 0 && !CudaDevices.AreBuiltIn)
            throw new UserError($"--device is '{name}'; allowed is one of {string.Join(", ", Names)}, because this build is without ILGPU, which ./eda setup tries to put in");
        if (precision is not null && (name == Default || other is not null))
            throw UserError.Value("--precision", precision, $"nothing with --device {name}, which computes in {DefaultPrecision}");
        if (precision is not null && !Precisions.Contains(precision))
            throw UserError.Choice("--precision", precision, Precisions);
        if (noGraphs && number < 0)
            throw new UserError($"--no-graphs is not allowed with --device {name}, which has no CUDA graphs");
        return new DeviceChoice(name, precision ?? DefaultPrecision, number, other, number >= 0 && !noGraphs);
    }

    /// <summary>Opens a device by name.</summary>
    /// <param name="name">As for <see cref="Parse"/>.</param>
    /// <param name="precision">As for <see cref="Parse"/>.</param>
    /// <returns>The device, owned by the caller.</returns>
    /// <exception cref="UserError">There is no such device, or it cannot be used.</exception>
    public static IDevice Open(string name, string? precision = null) => Parse(name, precision).Open();

    /// <summary>What the environment asks of the CPU device.</summary>
    /// <returns>Vector width and threads.</returns>
    /// <exception cref="UserError">An environment variable has a value that is not allowed.</exception>
    public static CpuOptions Options()
    {
        try
        {
            return CpuOptions.FromEnvironment();
        }
        catch (ArgumentException refused)
        {
            throw new UserError(refused.Message);
        }
    }

    /// <summary>Opens the device.</summary>
    /// <returns>The device, owned by the caller.</returns>
    /// <exception cref="UserError">It cannot be used, or the environment asks it for what it cannot do.</exception>
    public IDevice Open()
    {
        try
        {
            return _other is not null ? _other() : IsCuda ? CudaDevices.Open(_number, Precision, HasGraphs) : Name == Software ? OpenSoftware() : new CpuDevice(Options());
        }
        catch (DeviceException refused) when (!refused.HasFailed)
        {
            throw new UserError(refused.Message);
        }
    }

    /// <summary>Refuses, before any work, what the device's memory cannot hold.</summary>
    /// <param name="device">The device, opened.</param>
    /// <param name="run">What is to be run.</param>
    /// <param name="inputs">What it needs beside its settings.</param>
    /// <param name="seeds">How many seeds side by side.</param>
    /// <exception cref="UserError">It cannot.</exception>
    public void RequireMemory(IDevice device, RunSettings run, RunInputs inputs, int seeds = 1)
    {
        if (!IsCuda)
            return;

        // The largest copy of the data: a bandit's points twice, for both stages, and their labels once; else the critic's
        // transitions, with state, action, reward, end and next state.
        long data = inputs.Dataset is { } dataset ? (long)dataset.Count * ((2 * dataset.StateSize) + dataset.ActionSize + 2) : 5L * run.Points;
        long samples = inputs.Dataset is null ? run.Evaluation.Samples : Math.Max(4096, (long)run.Evaluation.Episodes * run.Evaluation.Candidates);
        long training = GpuMemory.Training(run.CreateShape(), run.Behavior.Batch, run.Alignment.States, run.Alignment.Candidates, (int)Math.Min(samples, int.MaxValue));
        CudaDevices.RequireMemory(device, checked(seeds * ((sizeof(float) * data) + training)));
    }

    // The number after cuda:, 0 for cuda alone, below 0 for anything else.
    private static int Number(string name)
    {
        if (name == Cuda)
            return 0;
        return name.StartsWith(Cuda + ":", StringComparison.Ordinal) && int.TryParse(name.AsSpan(Cuda.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : -1;
    }

    // Apart, so that the assembly of the stand-in is loaded only for those who ask for it.
    private GpuDevice OpenSoftware() => new(new SoftwareBackend(), Enum.Parse<GpuPrecision>(Precision, ignoreCase: true));
}

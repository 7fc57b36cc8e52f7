using System.Collections.Concurrent;
using EDA.Engine.Data;
using EDA.Engine.Runs;
using EDA.Host.CommandLine;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Kernels.Cpu.Matrix;
using EDA.Kernels.Gpu;

namespace EDA.Host.Devices;

/// <summary>A device as a user names it: cpu, cuda or cuda:N, or one that the program has added.</summary>
public sealed record DeviceChoice
{
    /// <summary>The device that is used when none is named.</summary>
    public const string Default = "cpu";

    /// <summary>The precision that is used when none is named.</summary>
    public const string DefaultPrecision = "fp32";

    /// <summary>bf16x3 where the processor's tiles make it fast, fp32 elsewhere.</summary>
    public const string AutoPrecision = "auto";

    private const string Cuda = "cuda";

    private static readonly ConcurrentDictionary<string, AddedDevice> Added = new(StringComparer.Ordinal);

    private readonly int _number;
    private readonly AddedDevice? _added;

    private DeviceChoice(string name, string precision, int number, AddedDevice? added, bool hasGraphs) =>
        (Name, Precision, _number, _added, HasGraphs) = (name, precision, number, added, hasGraphs);

    /// <summary>What can be named.</summary>
    public static IReadOnlyCollection<string> Names => [Default, Cuda, $"{Cuda}:N", .. Added.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The precisions of matrix products on the CPU.</summary>
    public static IReadOnlyCollection<string> CpuPrecisions => [.. Enum.GetValues<CpuPrecision>().Select(MatrixChoice.NameOf), AutoPrecision, .. MatrixChoice.All.Skip(1).Select(choice => choice.Name)];

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

    /// <summary>Adds a device to those that can be named: another library's that the engine is compared with, or one that only tests use.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="open">Opens it in a precision.</param>
    /// <param name="precisions">Those that can be asked of it; none for <see cref="DefaultPrecision"/> without being asked.</param>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public static void Add(string name, Func<string, IDevice> open, params IReadOnlyCollection<string> precisions)
    {
        if (name == Default || Number(name) >= 0 || !Added.TryAdd(name, new AddedDevice(open, precisions)))
            throw new ArgumentException($"there is a device '{name}' already", nameof(name));
    }

    /// <summary>Reads a choice.</summary>
    /// <param name="name">The device.</param>
    /// <param name="precision">The precision; null for <see cref="DefaultPrecision"/>.</param>
    /// <param name="noGraphs">Whether operations are launched kernel by kernel even where CUDA graphs could be had.</param>
    /// <returns>The choice; whether the GPU is there is seen when it is opened.</returns>
    /// <exception cref="UserError">There is no such device, or it knows no such precision, or has no graphs.</exception>
    public static DeviceChoice Parse(string name, string? precision = null, bool noGraphs = false)
    {
        precision = Resolve(name, precision);
        int number = Number(name);
        var added = Added.GetValueOrDefault(name);
        if (number < 0 && added is null && name != Default)
            throw UserError.Choice("--device", name, Names);
        var allowed = number >= 0 ? Precisions : added?.Precisions ?? CpuPrecisions;
        if (precision is not null && allowed.Count == 0)
            throw UserError.Value("--precision", precision, $"nothing with --device {name}, which computes in {DefaultPrecision}");
        if (precision is not null && !allowed.Contains(precision))
            throw UserError.Choice("--precision", precision, allowed);
        if (noGraphs && number < 0)
            throw new UserError($"--no-graphs is not allowed with --device {name}, which has no CUDA graphs");
        return new DeviceChoice(name, precision ?? DefaultPrecision, number, added, number >= 0 && !noGraphs);
    }

    /// <summary>
    /// What this machine makes of a precision that does not say by which unit: of bf16x3 and bf16 what its processor has, and
    /// fp32 where it has nothing, which a line says. It is resolved once, when something begins, and written down.
    /// </summary>
    /// <param name="name">As for <see cref="Parse"/>.</param>
    /// <param name="precision">A precision, or <see cref="AutoPrecision"/>; null for none in particular.</param>
    /// <returns>A precision that means the same everywhere; null where none was asked for.</returns>
    public static string? Resolve(string name, string? precision)
    {
        if (precision == AutoPrecision)
            return name == Default ? MatrixChoice.Best(CpuPrecision.Bf16x3).Name : null;
        if (name != Default || precision is null || Array.Find(Enum.GetValues<CpuPrecision>(), known => MatrixChoice.NameOf(known) == precision) is not (> CpuPrecision.Fp32 and var asked))
            return precision;
        var best = MatrixChoice.Best(asked);
        if (best.Precision != asked)
            Warnings.Once($"{new MatrixChoice(asked, MatrixUnit.Tiles).Problem}; this goes on in {best.Name}");
        return best.Name;
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
            return _added is not null ? _added.Open(Precision) : IsCuda ? CudaDevices.Open(_number, Precision, HasGraphs) : OpenCpu();
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

        // A bandit's points twice, for both stages, and their labels once.
        long data = inputs.Dataset is { } dataset ? Data(run, dataset) : 5L * run.Points;
        long samples = inputs.Dataset is null ? run.Evaluation.Samples : Math.Max(4096, (long)run.Evaluation.Episodes * run.Evaluation.Candidates);
        long training = GpuMemory.Training(
            run.CreateShape(), run.Behavior.Batch, run.Alignment.States, run.Alignment.Candidates, (int)Math.Min(samples, int.MaxValue), Enum.Parse<GpuPrecision>(Precision, ignoreCase: true));
        CudaDevices.RequireMemory(device, checked(seeds * ((sizeof(float) * data) + training)));
    }

    private CpuDevice OpenCpu()
    {
        var choice = MatrixChoice.Find(Precision)!;
        return choice.Problem is { } problem
            ? throw new UserError($"{problem}; allowed is a machine that has them, or --precision {DefaultPrecision} for what has not begun")
            : new CpuDevice(Options() with { Matrix = choice });
    }

    // The largest of what stages have there of a dataset: a critic's transitions, with state, action, reward, end and next
    // state, and next actions; labelled states with their candidates and labels. Rows that may not be resident are not there.
    private static long Data(RunSettings run, OfflineDataset dataset)
    {
        long transitions = (long)dataset.Count * ((2 * dataset.StateSize) + dataset.ActionSize + 2);
        long nextActions = run.Critic.Method.SamplesNextActions ? Resident((long)dataset.Count * run.Critic.Softmax.Candidates * dataset.ActionSize) : 0;
        long labelled = LabelSelection.Count(dataset.Count, run.Labels.Fraction, run.Labels.MostStates);
        long aligned = Resident(labelled * (dataset.StateSize + (run.Alignment.Candidates * (dataset.ActionSize + 1L))));
        return run.Critic.Method.AlternatesWithAlignment ? transitions + aligned : Math.Max(transitions + nextActions, aligned);

        long Resident(long numbers) => sizeof(float) * numbers <= (long)run.Memory.Resident << 20 ? numbers : 0;
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

    private sealed record AddedDevice(Func<string, IDevice> Open, IReadOnlyCollection<string> Precisions);
}

using System.Globalization;
using EDA.Bench.Torch;
using EDA.Engine.Optimizers;
using EDA.Host.CommandLine;
using EDA.Host.Devices;
using EDA.Host.Setup;
using EDA.Kernels.Cpu.Matrix;

namespace EDA.Bench.Comparison;

/// <summary>What the engine can be compared with on this machine.</summary>
internal sealed class ReferencePrograms
{
    /// <summary>PyTorch's Python package.</summary>
    public const string PyTorch = "pytorch";

    /// <summary>TorchSharp, a device of its own.</summary>
    public const string TorchSharp = AutogradDevice.ProgramName;

    /// <summary>PyTorch by torch.autocast, dense layers in bf16.</summary>
    public const string PyTorchBf16 = "pytorch-bf16";

    /// <summary>PyTorch in fp32 whose matrix products may round their factors to bf16 (torch.set_float32_matmul_precision).</summary>
    public const string PyTorchProducts = "pytorch-bf16-products";

    /// <summary>TorchSharp with dense layers in bf16, as torch.autocast has them.</summary>
    public const string TorchSharpBf16 = "torchsharp-bf16";

    /// <summary>What the engine in another precision is called, the precision following.</summary>
    public const string EnginePrefix = "eda-";

    /// <summary>What changes OpenBLAS' choice of a kernel: set on some machines, and never to its good.</summary>
    public static readonly IReadOnlyList<string> OpenBlasVariables = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"];

    private static readonly IReadOnlyDictionary<string, string?> _nothing = new Dictionary<string, string?>();

    private readonly DeviceChoice _device;
    private readonly IReadOnlyList<string> _sizes;

    /// <summary>Prepares.</summary>
    /// <param name="device">The engine's device; a reference gets the same kind.</param>
    /// <param name="sizes">The arguments that say how large steps are.</param>
    public ReferencePrograms(DeviceChoice device, IReadOnlyList<string> sizes) => (_device, _sizes) = (device, sizes);

    /// <summary>The references there can be.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [PyTorch, TorchSharp, PyTorchBf16, PyTorchProducts, TorchSharpBf16, .. ((CpuPrecision[])[CpuPrecision.Fp32, CpuPrecision.Bf16x3, CpuPrecision.Bf16]).Select(precision => EnginePrefix + MatrixChoice.NameOf(precision))];

    /// <summary>Those that are compared with where none is named: the engine's other precisions as this machine has them among them.</summary>
    public IReadOnlyList<string> Usual => _device.Name != DeviceChoice.Default
        ? [PyTorch, TorchSharp]
        : [PyTorch, PyTorchBf16, TorchSharp, TorchSharpBf16, .. ((CpuPrecision[])[CpuPrecision.Fp32, CpuPrecision.Bf16x3, CpuPrecision.Bf16]).Where(precision => MatrixChoice.Best(precision) is { } best && best.Precision == precision && best.Name != _device.Precision).Select(precision => EnginePrefix + MatrixChoice.NameOf(precision))];

    /// <summary>The engine itself, in a process of its own.</summary>
    public PeerProgram Engine => OnDevice("eda", _device.Name, _device.Precision);

    /// <summary>Finds references.</summary>
    /// <param name="wanted">Those that the user named; null for all that there are.</param>
    /// <param name="python">The interpreter that the user named; null for none.</param>
    /// <param name="notes">Told what is not there.</param>
    /// <returns>Each with its best settings and, where they differ, with those it comes with.</returns>
    /// <exception cref="UserError">One that was named is not there.</exception>
    public IReadOnlyList<(PeerProgram Best, PeerProgram? Default)> Find(IReadOnlyList<string>? wanted, string? python, Action<string> notes)
    {
        var found = new List<(PeerProgram, PeerProgram?)>();
        foreach (string name in wanted ?? Usual)
        {
            if (name.StartsWith(EnginePrefix, StringComparison.Ordinal))
            {
                string precision = DeviceChoice.Resolve(DeviceChoice.Default, name[EnginePrefix.Length..])!;
                found.Add((OnDevice(name, DeviceChoice.Default, precision), null));
                continue;
            }

            if (Absence(name, python) is not { } absence)
                found.Add(Reference(name, python));
            else if (wanted is not null)
                throw UserError.Value("--references", name, $"a reference that is here; {absence}");
            else
                notes($"no {ComparisonPage.ProgramTitle(name)} to compare with: {absence}");
        }

        if (found.Any(pair => pair.Item1.Name.StartsWith(PyTorch, StringComparison.Ordinal)))
        {
            foreach (string variable in OpenBlasVariables.Where(variable => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable))))
                notes($"{variable} is {Environment.GetEnvironmentVariable(variable)}, which has OpenBLAS take another kernel than it would: PyTorch at its best is measured without it, as it comes with it");
        }

        return found;
    }

    // Why a reference is not here; null where it is.
    private static string? Absence(string name, string? python) => name is TorchSharp or TorchSharpBf16
        ? TorchLibrary.OfMachine.Refusal
        : PythonInterpreter.Find(python) is null ? PythonInterpreter.Remedy : null;

    private (PeerProgram Best, PeerProgram? Default) Reference(string name, string? python)
    {
        if (name is TorchSharp or TorchSharpBf16)
            return (OnDevice(name, TorchSharp, name == TorchSharp ? AutogradDevice.Fp32 : AutogradDevice.Bf16) with { Environment = Passive }, null);
        string interpreter = PythonInterpreter.Find(python)!;
        return (Torch(name, interpreter, best: true), _device.IsCuda ? null : Torch(name, interpreter, best: false));
    }

    private static IReadOnlyDictionary<string, string?> Passive { get; } = new Dictionary<string, string?> { ["OMP_WAIT_POLICY"] = "passive" };

    // This very program: an assembly and the runtime that runs it, or one file that is both (bench/gpu/pack).
    private PeerProgram OnDevice(string name, string device, string? precision)
    {
        string assembly = Path.Combine(AppContext.BaseDirectory, typeof(ReferencePrograms).Assembly.GetName().Name + ".dll"), process = Environment.ProcessPath!;
        string[] choice = ["--device", device, .. precision is null ? (string[])[] : ["--precision", precision], .. _device is { IsCuda: true, HasGraphs: false } && device == _device.Name ? (string[])["--no-graphs"] : []];
        IReadOnlyList<string> arguments = ["bench", PeerCommand.Name, .. choice, .. _sizes];
        return File.Exists(assembly)
            ? new PeerProgram(name, ComparisonDocument.Best, Path.GetFileNameWithoutExtension(process) == "dotnet" ? process : "dotnet", ["exec", assembly, .. arguments], _nothing, choice)
            : new PeerProgram(name, ComparisonDocument.Best, process, arguments, _nothing, choice);
    }

    // PyTorch's threads wait for each other in a busy loop unless they are told not to, and it counts cores its own way.
    private PeerProgram Torch(string name, string python, bool best)
    {
        const string Written = "PYTHONDONTWRITEBYTECODE"; // nothing is left in the source tree
        string script = Path.Combine(SourceTree.RequireRoot(), "bench", "gpu", "peers", "pytorch_peer.py");
        string threads = DeviceChoice.Options().Threads.ToString(CultureInfo.InvariantCulture);
        string precision = name switch
        {
            PyTorchBf16 => "bf16",
            PyTorchProducts => "bf16-products",
            _ => _device.IsCuda ? _device.Precision is "bf16" or "fp16" ? "tf32" : _device.Precision : DeviceChoice.DefaultPrecision,
        };
        string[] device = ["--device", _device.IsCuda ? _device.Name : DeviceChoice.Default, "--precision", precision];
        return best
            ? new PeerProgram(name, ComparisonDocument.Best, python, ["-u", script, .. device, "--threads", threads, .. _sizes], new Dictionary<string, string?>(Passive) { ["OMP_NUM_THREADS"] = threads, ["OPENBLAS_NUM_THREADS"] = threads, ["MKL_NUM_THREADS"] = threads, [OpenBlasVariables[0]] = null, [OpenBlasVariables[1]] = null, [Written] = "1" })
            : new PeerProgram(name, ComparisonDocument.Default, python, ["-u", script, .. device, .. _sizes], new Dictionary<string, string?> { ["OMP_WAIT_POLICY"] = null, ["OMP_NUM_THREADS"] = null, ["OPENBLAS_NUM_THREADS"] = null, ["MKL_NUM_THREADS"] = null, [Written] = "1" });
    }
}

using System.Globalization;
using EDA.Bench.Torch;
using EDA.Engine.Optimizers;
using EDA.Host.CommandLine;
using EDA.Host.Devices;
using EDA.Host.Setup;

namespace EDA.Bench.Comparison;

/// <summary>What the engine can be compared with on this machine.</summary>
internal sealed class ReferencePrograms
{
    /// <summary>PyTorch's Python package.</summary>
    public const string PyTorch = "pytorch";

    /// <summary>TorchSharp, a device of its own.</summary>
    public const string TorchSharp = AutogradDevice.ProgramName;

    private static readonly IReadOnlyDictionary<string, string?> _nothing = new Dictionary<string, string?>();

    private readonly DeviceChoice _device;
    private readonly IReadOnlyList<string> _sizes;

    /// <summary>Prepares.</summary>
    /// <param name="device">The engine's device; a reference gets the same kind.</param>
    /// <param name="sizes">The arguments that say how large steps are.</param>
    public ReferencePrograms(DeviceChoice device, IReadOnlyList<string> sizes) => (_device, _sizes) = (device, sizes);

    /// <summary>The references there can be.</summary>
    public static IReadOnlyList<string> Names { get; } = [PyTorch, TorchSharp];

    /// <summary>The engine itself, in a process of its own.</summary>
    public PeerProgram Engine => OnDevice("eda", _device.Name, _device.Name == DeviceChoice.Default ? null : _device.Precision);

    /// <summary>Finds references.</summary>
    /// <param name="wanted">Those that the user named; null for all that there are.</param>
    /// <param name="python">The interpreter that the user named; null for none.</param>
    /// <param name="notes">Told what is not there.</param>
    /// <returns>Each with its best settings and, where they differ, with those it comes with.</returns>
    /// <exception cref="UserError">One that was named is not there.</exception>
    public IReadOnlyList<(PeerProgram Best, PeerProgram? Default)> Find(IReadOnlyList<string>? wanted, string? python, Action<string> notes)
    {
        var found = new List<(PeerProgram, PeerProgram?)>();
        if (wanted is null || wanted.Contains(PyTorch))
        {
            string? interpreter = PythonInterpreter.Find(python);
            if (interpreter is not null)
                found.Add((Torch(interpreter, best: true), _device.IsCuda ? null : Torch(interpreter, best: false)));
            else if (wanted is not null)
                throw UserError.Value("--references", PyTorch, $"a reference that is here; {PythonInterpreter.Remedy}");
            else
                notes($"no PyTorch to compare with: {PythonInterpreter.Remedy}");
        }

        if (wanted is null || wanted.Contains(TorchSharp))
        {
            if (TorchLibrary.OfMachine.Refusal is not { } refusal)
                found.Add((OnDevice(TorchSharp, TorchSharp, null) with { Environment = Passive }, null));
            else if (wanted is not null)
                throw UserError.Value("--references", TorchSharp, $"a reference that is here; {refusal}");
            else
                notes($"no TorchSharp to compare with: {refusal}");
        }

        return found;
    }

    private static IReadOnlyDictionary<string, string?> Passive { get; } = new Dictionary<string, string?> { ["OMP_WAIT_POLICY"] = "passive" };

    // This very program: an assembly and the runtime that runs it, or one file that is both (bench/gpu/pack).
    private PeerProgram OnDevice(string name, string device, string? precision)
    {
        string assembly = Path.Combine(AppContext.BaseDirectory, typeof(ReferencePrograms).Assembly.GetName().Name + ".dll"), process = Environment.ProcessPath!;
        IReadOnlyList<string> arguments = ["bench", PeerCommand.Name, "--device", device, .. precision is null ? (string[])[] : ["--precision", precision], .. _sizes];
        return File.Exists(assembly)
            ? new PeerProgram(name, ComparisonDocument.Best, Path.GetFileNameWithoutExtension(process) == "dotnet" ? process : "dotnet", ["exec", assembly, .. arguments], _nothing)
            : new PeerProgram(name, ComparisonDocument.Best, process, arguments, _nothing);
    }

    // PyTorch's threads wait for each other in a busy loop unless they are told not to, and it counts cores its own way.
    private PeerProgram Torch(string python, bool best)
    {
        const string Written = "PYTHONDONTWRITEBYTECODE"; // nothing is left in the source tree
        string script = Path.Combine(SourceTree.RequireRoot(), "bench", "gpu", "peers", "pytorch_peer.py");
        string threads = DeviceChoice.Options().Threads.ToString(CultureInfo.InvariantCulture);
        string[] device = _device.IsCuda ? ["--device", _device.Name, "--precision", _device.Precision == "bf16" ? "tf32" : _device.Precision] : ["--device", "cpu"];
        return best
            ? new PeerProgram(PyTorch, ComparisonDocument.Best, python, ["-u", script, .. device, "--threads", threads, .. _sizes], new Dictionary<string, string?>(Passive) { ["OMP_NUM_THREADS"] = threads, ["OPENBLAS_NUM_THREADS"] = threads, ["MKL_NUM_THREADS"] = threads, [Written] = "1" })
            : new PeerProgram(PyTorch, ComparisonDocument.Default, python, ["-u", script, .. device, .. _sizes], new Dictionary<string, string?> { ["OMP_WAIT_POLICY"] = null, ["OMP_NUM_THREADS"] = null, ["OPENBLAS_NUM_THREADS"] = null, ["MKL_NUM_THREADS"] = null, [Written] = "1" });
    }
}

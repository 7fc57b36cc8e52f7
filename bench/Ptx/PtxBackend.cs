using System.Diagnostics;
using EDA.Kernels;
using EDA.Kernels.Gpu;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace EDA.Bench.Ptx;

/// <summary>
/// The GPU's kernels as ILGPU compiles them, their PTX run by an interpreter on the calling thread, over the host's memory:
/// what the compiler makes of a kernel, without a GPU.
/// </summary>
/// <param name="options">How kernels are run; null for the usual.</param>
/// <param name="edit">Changes the PTX of a kernel, given its name and text, before it is run; null to leave all as they are.</param>
public class PtxBackend(PtxOptions? options = null, Func<string, string, string>? edit = null) : GpuBackend
{
    // Arrays are known to ILGPU as those of its own CPU accelerator; nothing runs there.
    private static readonly Accelerator Host = new CPUDevice(2, 1, 1).CreateAccelerator(PtxCompiler.Context);

    private readonly PtxOptions _options = options ?? new PtxOptions();

    /// <inheritdoc/>
    public override string Name => "ptx (the GPU's compiled kernels on the CPU, for tests)";

    /// <summary>Its arrays.</summary>
    public PtxMemory Memory { get; } = new();

    /// <inheritdoc/>
    public override GpuArray<T> Allocate<T>(long length) => new PtxArray<T>(this, Host, length);

    /// <inheritdoc/>
    public override LoadedKernel<TArguments> Load<TArguments>(string name, int groupSize, Action<TArguments> kernel)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        var (text, module) = PtxCompiler.Compile(name, kernel.Method);
        if (edit?.Invoke(name, text) is { } edited && edited != text)
            module = PtxParser.Parse(edited, name);
        var layout = PtxArguments.Of(typeof(TArguments));

        // Whatever the kernel reads of its arguments is a field of them.
        if (layout.Length != module.ParameterLength)
            throw new PtxFormatException($"{name} takes {module.ParameterLength} bytes of arguments, and they are {layout.Length}");
        foreach (var load in module.ParameterLoads)
        {
            if (!layout.HasField(load.Offset, load.Size))
                throw new PtxFormatException($"{name}, line {load.Line}: the {load.Size} bytes at {load.Offset} of the arguments are no field");
        }

        return new Loaded<TArguments>(this, name, groupSize, module, layout);
    }

    /// <inheritdoc/>
    public override void Synchronize()
    {
    }

    /// <inheritdoc/>
    public override ITimeMark Mark() => new PtxMark(Stopwatch.GetTimestamp());

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }

    /// <summary>Runs a kernel.</summary>
    /// <param name="name">The name it is known by.</param>
    /// <param name="module">The kernel.</param>
    /// <param name="groupSize">The items of a group.</param>
    /// <param name="grid">The groups; there are some.</param>
    /// <param name="arguments">The arguments, as the kernel finds them.</param>
    protected virtual void Run(string name, PtxModule module, int groupSize, GridSize grid, byte[] arguments)
    {
        using var group = new PtxGroup(module, groupSize, Memory, _options);
        group.Run(grid.X, grid.Y, grid.Z, arguments);
    }

    private sealed class Loaded<TArguments>(PtxBackend backend, string name, int groupSize, PtxModule module, PtxArguments layout)
        : LoadedKernel<TArguments>(backend, name, groupSize)
        where TArguments : struct
    {
        protected override void Run(GridSize grid, in TArguments arguments)
        {
            if (grid is { X: > 0, Y: > 0, Z: > 0 })
                backend.Run(Name, module, GroupSize, grid, layout.Write(arguments));
        }
    }

    private sealed record PtxMark(long Timestamp) : ITimeMark
    {
        public double SecondsSince(ITimeMark earlier) => Stopwatch.GetElapsedTime(((PtxMark)earlier).Timestamp, Timestamp).TotalSeconds;

        public void Dispose()
        {
        }
    }
}

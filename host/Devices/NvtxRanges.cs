using System.Runtime.InteropServices;
using EDA.Engine.Training;
using EDA.Kernels;

namespace EDA.Host.Devices;

/// <summary>
/// Shows stages as ranges in NVIDIA's profilers, through their NVTX library. A profiler that is not there costs a call a
/// stage; a library that is not there, nothing.
/// </summary>
public sealed class NvtxRanges : ITrainingObserver, IDisposable
{
    private readonly Action<string> _push;
    private readonly Action _pop;
    private int _open;

    /// <summary>Makes an observer that opens ranges by two calls.</summary>
    /// <param name="push">Opens a range of a name within those open.</param>
    /// <param name="pop">Closes the range opened last.</param>
    public NvtxRanges(Action<string> push, Action pop) => (_push, _pop) = (push, pop);

    [UnmanagedFunctionPointer(CallingConvention.Winapi)]
    private delegate int RangePush([MarshalAs(UnmanagedType.LPUTF8Str)] string message);

    [UnmanagedFunctionPointer(CallingConvention.Winapi)]
    private delegate int RangePop();

    /// <summary>This machine's library: up to CUDA 12, and from then on.</summary>
    public static MachineLibrary Library => OfMachine;

    private static MachineLibrary<Calls> OfMachine { get; } = new(
        "NVTX",
        "stages as ranges in NVIDIA's profilers",
        "install NVIDIA's CUDA toolkit (Debian: libnvtoolsext1)",
        () => OperatingSystem.IsWindows() ? ["nvToolsExt64_1.dll"] : ["libnvToolsExt.so.1", "libnvtx3interop.so.1", "libnvtx3interop.so"],
        library => new Calls(
            Marshal.GetDelegateForFunctionPointer<RangePush>(library.Address("nvtxRangePushA")),
            Marshal.GetDelegateForFunctionPointer<RangePop>(library.Address("nvtxRangePop"))));

    /// <summary>Makes an observer for the profiler that may be watching.</summary>
    /// <returns>The observer; null where there is no such library.</returns>
    public static NvtxRanges? TryOpen() =>
        OfMachine.IsFound ? new NvtxRanges(message => OfMachine.Calls.Push(message), () => OfMachine.Calls.Pop()) : null;

    /// <inheritdoc/>
    public void StageStarted(string stage, long step, long total)
    {
        _push(stage);
        _open++;
    }

    /// <inheritdoc/>
    public void Progress(in TrainingProgress progress)
    {
    }

    /// <inheritdoc/>
    public void StageFinished(StageResult result) => Close();

    /// <summary>Closes what an exception left open.</summary>
    public void Dispose()
    {
        while (_open > 0)
            Close();
    }

    private void Close()
    {
        if (_open == 0)
            return;
        _open--;
        _pop();
    }

    private sealed record Calls(RangePush Push, RangePop Pop);
}
